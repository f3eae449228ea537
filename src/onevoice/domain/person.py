"""A person is a view over identifiers: a cluster with an id that outlives merges and splits."""

import msgspec

from onevoice.domain.identifier import Identifier


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster of identifiers, as resolved under one version of the rules."""

    id: str
    identifiers: tuple[Identifier, ...]
    household: str = ""
    absorbed: tuple[str, ...] = ()  #: ids that now lead here


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the answer to "why are these two the same?"."""

    a: Identifier
    b: Identifier
    rule: str  #: the rule's name in the identity rules
    sentence: str  #: the reason in plain words
    count: int
    first_at: int
    last_at: int
    via: str = ""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "are these two the same person, and why?"."""

    same: bool
    sentence: str  #: the answer in one plain sentence
    links: tuple[Link, ...] = ()  #: if they are: the strongest path from one to the other
    refusals: tuple[Link, ...] = ()  #: if they are not: what speaks for it, and the rule that refused it
