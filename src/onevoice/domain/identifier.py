"""An identifier is one name a person goes by: an e-mail address, a loyalty card, a browser's anonymous id."""

from enum import IntEnum

import msgspec


class Trust(IntEnum):
    """How sure we are that an identifier belongs to whom it is said to; higher is surer."""

    INFERRED = 0
    CLAIMED = 1
    VERIFIED = 2


class Identifier(msgspec.Struct, frozen=True, order=True):
    """
    One normalised identifier.

    `kind` is a type of `rules.kinds` (email, phone, user_id …), optionally with the system that issued it after
    an `@`: `loyalty_id@till` and `loyalty_id@shop` are different types, each unique by itself.
    `value` is canonical (lower-case e-mail, E.164 phone); what was typed stays on the event.
    """

    kind: str
    value: str
    trust: Trust = Trust.CLAIMED

    @property
    def base(self) -> str:
        """The kind without its system."""
        return self.kind.partition("@")[0]

    @property
    def key(self) -> tuple[str, str]:
        """What names the node, whoever vouches for it."""
        return (self.kind, self.value)
