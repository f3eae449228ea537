"""The errors people and machines meet; an error's docstring is its message, and its code is its class name."""

import re


class OnevoiceError(Exception):
    """Something went wrong in Onevoice."""

    def __init__(self, message: str = "", **detail: object) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.detail = detail

    @property
    def code(self) -> str:
        """The stable snake_case code that machines match on."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def shape(self) -> dict[str, object]:
        """Return the one JSON shape of errors: code, message, detail."""
        return {"code": self.code, "message": str(self), "detail": self.detail}


class BadInput(OnevoiceError):
    """What was given cannot be read."""


class NotFound(OnevoiceError):
    """There is nothing of that name here."""


class NotAllowed(OnevoiceError):
    """This is not allowed now."""


class Unavailable(OnevoiceError):
    """A part that is needed cannot be reached; try again soon."""
