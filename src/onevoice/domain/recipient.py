"""A recipient is what delivery needs to know of a person, and nothing else."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from onevoice.domain.consent import Decision
from onevoice.domain.identifier import Identifier


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """
    One person who may be written to.

    `consent` says by channel whether one may write, for the purpose that was asked about; a channel that is missing
    was never spoken of.
    """

    person: str
    anchor: Identifier  #: the strongest identifier, under which events about the person enter the log
    household: str = ""
    email: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()  #: postal address, line by line
    name: str = ""
    locale: str = ""
    traits: dict[str, Any] = {}
    consent: dict[str, Decision] = {}

    def reach(self, channel: str) -> str:
        """The canonical address in a channel; empty if there is none."""
        if channel == "print":
            return ", ".join(self.address)
        return self.email if channel == "email" else self.phone if channel == "sms" else ""


class Recipients(Protocol):
    """Where recipients come from."""

    def find(self, persons: Sequence[str], purpose: str) -> list[Recipient]:
        """Return those of *persons* who still exist, with what they agreed to for a purpose."""

    def current(self, person: str) -> str:
        """Return the id under which a person lives on after merges."""
