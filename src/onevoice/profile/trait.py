"""Traits keep every source's newest value; which one counts is decided on read."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.domain.profile import Trait, TraitValue

Values = dict[str, TraitValue]
Strategy = Literal["verified", "newest", "oldest", "highest", "lowest", "longest"]

#: How a value is chosen where the default (verified, then newest) is wrong.
STRATEGIES: dict[str, Strategy] = {"created_at": "oldest", "createdAt": "oldest"}

#: Values kept of one trait; past that only the best by (trust, time) stay.
SOURCES = 20
#: A longer text or larger object stays on its event only.
TEXT = 2_000


def fold_traits(traits: dict[str, Values], event: Event, trust: Trust) -> None:
    """Fold an event's traits; `null` deletes what this source said, a blank text says nothing."""
    key = f"{int(trust)}{event.source}"
    for name, value in event.traits.items():
        if value == "" or too_large(value):
            continue
        found = TraitValue(value, event.occurred_at, event.source, trust, event.id)
        values = traits.get(name)
        if values is None:
            traits[name] = {key: found}
        else:
            keep(values, key, found)


def keep(values: Values, key: str, found: TraitValue) -> None:
    """Keep a value if it is its source's newest."""
    known = values.get(key)
    if known is None or (known.at, known.event) < (found.at, found.event):
        values[key] = found
        if known is None and len(values) > 2 * SOURCES:
            bound(values)


def bound(values: Values) -> None:
    """Drop the weakest values past the limit; what is kept does not depend on the order of arrival."""
    if len(values) > SOURCES:
        best = sorted(values.items(), key=lambda item: item[1].rank, reverse=True)
        values.clear()
        values.update(best[:SOURCES])


def too_large(value: Any) -> bool:
    """Tell whether a value is too large to be part of every profile read."""
    if isinstance(value, str):
        return len(value) > TEXT
    return isinstance(value, dict | list) and len(msgspec.json.encode(value)) > TEXT


def chosen(name: str, values: Values, strategies: Mapping[str, Strategy] = STRATEGIES) -> Trait | None:
    """Return the trait as it counts, with the values that lost; `None` if the best word on it is a deletion."""
    ranked = sorted(values.values(), key=lambda one: one.rank, reverse=True)
    best = _best(ranked, strategies.get(name, "verified")) if ranked else None
    if best is None or best.value is None:
        return None
    others = tuple(one for one in ranked if one is not best)
    return Trait(value=best.value, at=best.at, source=best.source, trust=best.trust, event=best.event, others=others)


def _best(ranked: list[TraitValue], strategy: Strategy) -> TraitValue | None:
    """Choose among values ranked best first; the most trusted ones compete, except for `newest`."""
    if strategy == "newest":
        return max(ranked, key=lambda one: (one.at, one.event, one.source))
    alive = [one for one in ranked if one.value is not None and one.trust == ranked[0].trust]
    if strategy == "verified" or not alive:
        return ranked[0]
    if strategy == "oldest":
        return min(alive, key=lambda one: (one.at, one.event, one.source))
    if strategy == "longest":
        return max(alive, key=lambda one: (len(str(one.value)), one.rank))
    numbers = [one for one in alive if isinstance(one.value, int | float)]
    pick = max if strategy == "highest" else min
    return pick(numbers, key=lambda one: (one.value, one.rank)) if numbers else ranked[0]
