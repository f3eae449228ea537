"""The media that there are, by name."""

from typing import Protocol

from onevoice.compose.kit import Kit
from onevoice.compose.media import email, postcard, sms
from onevoice.domain.errors import NotFound
from onevoice.domain.rendering import Addressee, Letter


class Rendering(Protocol):
    """A brief compiled for one medium; `letter` addresses it to one person."""

    def letter(self, to: Addressee) -> Letter:
        """Address it to one person."""


class UnknownMedium(NotFound):
    """There is no medium of that name."""


def compile_brief(kit: Kit, medium: str) -> Rendering:
    """
    Compile a brief for one medium.

    Raises:
        UnknownMedium: No such medium.
        BadTemplate: Its words hold wrong Liquid.
    """
    match medium:
        case email.SLUG:
            return email.compile_brief(kit)
        case sms.SLUG:
            return sms.compile_brief(kit)
        case postcard.SLUG:
            return postcard.compile_brief(kit)
    raise UnknownMedium(f"There is no medium named {medium!r}.")
