"""Why a request is refused: each error knows its HTTP status, and how long a polite client waits."""

from onevoice.domain.errors import BadInput, NotAllowed, NotFound, OnevoiceError, Unavailable


class InvalidJson(BadInput):
    """The body is not valid JSON; send one JSON object, in UTF-8."""


class NoBatch(BadInput):
    """The body has no list named batch; send {"batch": [...]}."""


class EventTooLarge(BadInput):
    """The event is larger than this workspace accepts; send less, or split it."""


class BatchTooLarge(BadInput):
    """The body is larger than this workspace accepts; send smaller batches."""


class BodyTooLarge(BadInput):
    """The body is larger than this address accepts."""


class BadEncoding(BadInput):
    """The body is not the gzip stream that it claims to be."""


class UnknownKey(OnevoiceError):
    """The key is missing or unknown; give a living write or secret key as Basic user name or as writeKey."""


class NotInScope(NotAllowed):
    """This key may not do this; use a secret key with the scope named in the detail."""


class TooFast(OnevoiceError):
    """This key sends more requests a second than it may; slow down and try again."""


class NotServed(NotFound):
    """There is nothing at this address."""


class WrongMethod(OnevoiceError):
    """This address does not answer this method."""


class Overloaded(Unavailable):
    """More is arriving than can be stored now; nothing was taken, try again soon."""


class DiskFull(Unavailable):
    """The disk is nearly full, so nothing was taken; make room, and it goes on by itself."""


class Unexpected(OnevoiceError):
    """Something went wrong on our side; the log says what."""


#: The status of an error is that of its nearest ancestor in this table.
STATUS: dict[type[BaseException], int] = {
    BadInput: 400,
    BodyTooLarge: 413,
    UnknownKey: 401,
    NotInScope: 403,
    NotAllowed: 409,
    NotFound: 404,
    WrongMethod: 405,
    TooFast: 429,
    Unavailable: 503,
    OnevoiceError: 500,
}


#: Seconds that a client is asked to wait before it tries again.
PATIENCE = {429: 1, 503: 5}


def status_of(error: BaseException) -> int:
    """Return the HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def retry_after(status: int) -> int | None:
    """Return the whole seconds of the Retry-After header, for the statuses that have one."""
    return PATIENCE.get(status)
