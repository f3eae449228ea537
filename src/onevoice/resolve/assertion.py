"""What people and linkage say of two identifiers: events like any other, and the latest word holds."""

from typing import Any

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.evidence import VERDICTS, Verdict
from onevoice.domain.identifier import Identifier, Trust
from onevoice.resolve.bond import HUMAN, LINKAGE, Part
from onevoice.resolve.graph import Graph, Key
from onevoice.resolve.naming import derived
from onevoice.resolve.settlement import Work, connect
from onevoice.resolve.sighting import sight

ASSERTED = "Identity Asserted"
LINKED = "Identity Linked"
#: Which room of the house may say it; what comes through a key carries the key's id as its source, and joins nobody.
VOICES = {ASSERTED: "console", LINKED: "linkage"}


class BadAssertion(BadInput):
    """An assertion needs two different identifiers, and a verdict: same, not_same or withdrawn."""


class Said(msgspec.Struct, frozen=True):
    """One pair of an assertion; `verdict` is a human's, `probability` is linkage's."""

    a: Identifier
    b: Identifier
    verdict: Verdict = ""
    probability: float = 0.0


def asserted(a: Key, b: Key, verdict: Verdict, *, now: int, actor: str) -> Event:
    """
    Return the event in which a person says that two identifiers are, or are not, the same person's.

    Raises:
        BadAssertion: The two are one, or the verdict is none.
    """
    if a == b or verdict not in VERDICTS[1:]:
        raise BadAssertion
    return Event(
        id=derived("assertion", *a, *b, verdict, str(now), actor),
        name=ASSERTED,
        occurred_at=now,
        received_at=now,
        identifiers=(Identifier(*a, Trust.INFERRED),),
        properties={
            "a": {"kind": a[0], "value": a[1]},
            "b": {"kind": b[0], "value": b[1]},
            "verdict": verdict,
            "actor": actor,
        },
        source="console",
    )


def linked(pairs: list[tuple[Key, Key, float]], *, now: int, model: str) -> Event:
    """Return the event in which linkage says with which probability pairs of identifiers are the same person's."""
    told = [
        {"a": {"kind": a[0], "value": a[1]}, "b": {"kind": b[0], "value": b[1]}, "probability": probability}
        for a, b, probability in pairs
    ]
    first = pairs[0][0]
    names = [part for a, b, probability in pairs for part in (*a, *b, repr(probability))]
    return Event(
        id=derived("linkage", model, str(now), *names),
        name=LINKED,
        occurred_at=now,
        received_at=now,
        identifiers=(Identifier(*first, Trust.INFERRED),),
        properties={"pairs": told, "model": model},
        source="linkage",
    )


def is_spoken(event: Event) -> bool:
    """Tell whether an event is an assertion of the house itself, and not only named like one."""
    return VOICES.get(event.name, "") == event.source != ""


def said(event: Event) -> list[Said]:
    """Return the pairs of an assertion; what cannot be read is no pair, for the log may hold anything."""
    properties = event.properties
    listed = properties.get("pairs") if event.name == LINKED and "pairs" in properties else [properties]
    found = [_pair(entry) for entry in listed] if isinstance(listed, list) else []
    pairs = [pair for pair in found if pair is not None and pair.a.key != pair.b.key]
    return [pair for pair in pairs if pair.verdict or event.name == LINKED]


def _pair(entry: Any) -> Said | None:
    try:
        return msgspec.convert(entry, Said)
    except msgspec.ValidationError:
        return None


def spoken_keys(event: Event) -> list[Key]:
    """Return the keys of every pair."""
    return [key for pair in said(event) for key in (pair.a.key, pair.b.key)]


def speak(graph: Graph, event: Event, work: Work) -> None:
    """Record what an assertion says, unless a later one has already been heard."""
    actor = str(event.properties.get("actor", "") or event.properties.get("model", ""))
    for pair in said(event):
        a, b = (sight(graph, end.key, event.occurred_at, work) for end in (pair.a, pair.b))
        bond = connect(graph, a, b)
        part = Part(1, event.occurred_at, event.occurred_at, event.id)
        part.actor = actor
        part.verdict = pair.verdict if event.name == ASSERTED else ""
        part.probability = pair.probability if event.name == LINKED else 1.0
        if bond.replace(HUMAN if event.name == ASSERTED else LINKAGE, part):
            work.fresh[bond] = None
