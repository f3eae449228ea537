"""Evidence is one reason to think that two identifiers name the same person, or that they do not."""

from typing import Literal

import msgspec

from onevoice.domain.identifier import Trust

Basis = Literal["event", "alias", "linkage", "human"]
Verdict = Literal["", "same", "not_same", "withdrawn"]

#: The order in which stores number them; append only.
BASES: tuple[Basis, ...] = ("event", "alias", "linkage", "human")
VERDICTS: tuple[Verdict, ...] = ("", "same", "not_same", "withdrawn")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """
    One kind of reason between two nodes, summed over every time it was seen.

    Evidence is kept apart by basis and trust, so that sums are commutative: counts add, first and last widen. What
    linkage or a human says replaces what they said before: the latest by moment, then by event id, holds.
    """

    a: int  #: the smaller node number
    b: int
    basis: Basis
    trust: Trust
    count: int = 1
    first_at: int
    last_at: int
    probability: float = 1.0  #: for linkage
    via: str = ""  #: id of the first event that said so; for linkage and humans, of the last
    verdict: Verdict = ""  #: for humans
    actor: str = ""  #: the person who asserted it
