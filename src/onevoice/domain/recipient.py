"""A recipient is what delivery needs to know of a person, and nothing else."""

from typing import Any

import msgspec

from onevoice.domain.identifier import Identifier


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """
    One person who may be written to.

    `nodes` are the graph's numbers of the addresses, by channel: consent belongs to them.
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
    nodes: dict[str, int] = {}

    def reach(self, channel: str) -> str:
        """The canonical address in a channel; empty if there is none."""
        if channel == "print":
            return ", ".join(self.address)
        return self.email if channel == "email" else self.phone if channel == "sms" else ""
