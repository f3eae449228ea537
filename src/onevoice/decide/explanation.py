"""Why a given person is in an audience, or is not: condition by condition, with what was found."""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis

from onevoice.decide.audience import Built, Compiler, Tables
from onevoice.decide.sentence import clause
from onevoice.domain import audience as rules
from onevoice.domain.audience import AnyRule, Audience, Reason
from onevoice.domain.errors import NotFound
from onevoice.domain.moment import to_iso


class NoSuchPerson(NotFound):
    """There is no such person."""


def question(
    audience: Audience, tables: Tables, person: str, *, now: int, audiences: Mapping[str, Audience] | None = None
) -> ibis.Table:
    """Return one row for a person: what every node of the rule decided, and what it measured."""
    compiler = Compiler(_about(tables, person, audience.where), now, audiences or {})
    built = compiler.build(audience.where)
    joined = compiler.joined()
    columns: dict[str, Any] = {}
    for at, node in enumerate(_flat(built)):
        columns[f"holds{at}"] = node.check(joined).fill_null(False)
        if node.value is not None:
            columns[f"found{at}"] = node.value(joined).cast("string")
    return joined.filter(joined.person == person).select(**columns)


def _about(tables: Tables, person: str, rule: AnyRule) -> dict[str, ibis.Table]:
    """Keep only the person's rows, unless the rule also asks about others of the household."""
    if _asks_others(rule):
        return dict(tables)
    return {name: table.filter(table.person == person) for name, table in tables.items() if "person" in table.columns}


def _asks_others(rule: AnyRule) -> bool:
    alone = not isinstance(rule, rules.Household | rules.HouseholdSize | rules.Member)
    return not alone or any(_asks_others(part) for part in rules.parts(rule))


def reason(
    audience: Audience, answer: Sequence[Mapping[str, Any]], *, audiences: Mapping[str, Audience] | None = None
) -> Reason:
    """
    Read the answer to `question` as a tree of reasons.

    Raises:
        NoSuchPerson: The answer is empty.
    """
    if not answer:
        raise NoSuchPerson
    numbers = iter(range(len(answer[0])))
    return _reason(audience.where, answer[0], numbers, audiences or {})


def _reason(rule: AnyRule, row: Mapping[str, Any], numbers: Any, audiences: Mapping[str, Audience]) -> Reason:
    at = next(numbers)
    parts = tuple(_reason(part, row, numbers, audiences) for part in _explained_parts(rule, audiences))
    return Reason(
        sentence=clause(rule), holds=bool(row[f"holds{at}"]), found=_found(rule, row.get(f"found{at}")), parts=parts
    )


def _explained_parts(rule: AnyRule, audiences: Mapping[str, Audience]) -> tuple[AnyRule, ...]:
    """Return the parts that `Compiler.build` built for a rule, in its order."""
    if isinstance(rule, rules.Member):
        return (audiences[rule.name].where,)
    return () if isinstance(rule, rules.Household) else rules.parts(rule)


def _found(rule: AnyRule, value: str | None) -> str:
    if value is None:
        return "nothing" if isinstance(rule, rules.Trait | rules.Recency) else ""
    if isinstance(rule, rules.Recency):
        return to_iso(int(value))
    return value


def _flat(built: Built) -> list[Built]:
    return [built, *(node for part in built.parts for node in _flat(part))]
