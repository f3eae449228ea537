"""Evidence is one reason to think that two identifiers name the same person, or that they do not."""

from typing import Literal

import msgspec

from onevoice.domain.identifier import Trust

Basis = Literal["event", "alias", "linkage", "same", "not_same"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """
    An edge between two nodes, summed over every time it was seen.

    Two sums of the same edge combine commutatively: counts add, first and last widen, trust and probability keep
    their maximum.
    """

    a: int  #: the smaller node number
    b: int
    basis: Basis
    trust: Trust
    count: int = 1
    first_at: int
    last_at: int
    probability: float = 1.0  #: for linkage
    via: str = ""  #: id of the first event that said so
    actor: str = ""  #: the person who asserted it, for same and not_same
