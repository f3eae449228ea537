"""An erasure takes everything about one person out of every place, and proves it."""

from typing import Literal

import msgspec

from onevoice.domain.identifier import Identifier

State = Literal["waiting", "running", "cancelled", "done"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be erased, as every place may name them."""

    persons: tuple[str, ...]  #: the person, and the ids absorbed by them
    nodes: tuple[int, ...]
    identifiers: tuple[Identifier, ...]
    rewritten: tuple[int, ...] = ()  #: numbers of others' events that were redacted, for the lake
    entangled: int = 0


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did; it names nobody."""

    done_at: int
    removed: dict[str, int]  #: place -> rows or files deleted
    redacted: dict[str, int]  #: place -> rows of others from which the person was taken out
    left: dict[str, int]  #: place -> rows that the scan afterwards still found; empty is the proof
    searched: int  #: identifiers looked for by their text
    entangled: (
        int  #: identifiers of others that were bound to the person's; above 0, `onevoice rebuild` settles them anew
    )
    short: int  #: identifiers too short to be looked for by text; their rows were found by number


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    id: int
    person: str  #: empty once done
    asked_at: int
    due_at: int
    actor: str
    state: State
    receipt: Receipt | None = None
