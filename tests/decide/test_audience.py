"""Audiences: the compiled expression and a plain reading of the rule agree on everyone, on both engines."""

import functools
from typing import get_args

import hypothesis
import ibis
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.decide import operator
from onevoice.decide.audience import check, select
from onevoice.domain import audience as rules
from onevoice.domain.audience import Audience, BadAudience
from tests.decide import world
from tests.decide.world import NOW

EMPTY = {"people": {"p1": {"household": None, "traits": {}}}, "events": [], "lines": [], "consents": []}


def answers(engine, data, audiences, others):
    """Return who is in each audience, asked in one query."""
    tables = world.mount(engine, data)
    asked = [
        select(audience, tables, now=NOW, audiences=others).mutate(asked=ibis.literal(at))
        for at, audience in enumerate(audiences)
    ]
    found = engine.fetch(functools.reduce(lambda a, b: a.union(b), asked))
    people = [[row["person"] for row in found if row["asked"] == at] for at in range(len(audiences))]
    assert all(len(set(one)) == len(one) for one in people), "nobody is in an audience twice"
    return [set(one) for one in people]


def agree(engine, data, trees, other):
    """Assert that the engine and the plain reading agree."""
    others = {"other": Audience(where=other)}
    audiences = [Audience(where=tree) for tree in trees]

    expected = [world.members(data, audience, others) for audience in audiences]
    assert expected == answers(engine, data, audiences, others)


WORLDS = (
    world.world(),
    st.lists(world.trees(), min_size=1, max_size=6),
    world.conditions().filter(lambda r: not isinstance(r, rules.Member)),
)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@given(*WORLDS)
@settings(max_examples=150)
def test_duckdb_agrees_with_the_plain_reading(engine, data, trees, other):
    """Whatever the rule and the world, DuckDB selects exactly those whom a plain reading selects."""
    agree(engine, data, trees, other)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["spark"], indirect=True)
@given(*WORLDS)
@settings(max_examples=4, phases=[hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate])
def test_spark_agrees_with_the_plain_reading(engine, data, trees, other):
    """Whatever the rule and the world, Spark selects exactly those whom a plain reading selects."""
    agree(engine, data, trees, other)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize(
    ("where", "others", "message"),
    [
        (rules.Member(name="gone"), {}, "no audience named 'gone'"),
        (rules.Member(name="a"), {"a": Audience(where=rules.Member(name="a"))}, "a → a"),
        (
            rules.Never(of=(rules.Household(rule=rules.Member(name="a")),)),
            {"a": Audience(where=rules.Member(name="b")), "b": Audience(where=rules.Member(name="a"))},
            "a → b → a",
        ),
    ],
)
def test_audiences_cannot_mention_what_is_not_there(engine, where, others, message):
    """An audience that mentions a missing audience, or itself, is refused with its name."""
    with pytest.raises(BadAudience, match=message):
        check(Audience(where=where), others)
    with pytest.raises(BadAudience, match="udience"):
        select(Audience(where=where), world.mount(engine, EMPTY), now=NOW, audiences=others)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_conditions_on_one_table_share_one_scan(engine):
    """However many conditions ask about events, the events are read once."""
    tree = rules.All(of=tuple(rules.Happened(name=name, within="30d", op="lt", value=9) for name in world.NAMES))

    plan = engine.sql(select(Audience(where=tree), world.mount(engine, EMPTY), now=NOW))

    assert 1 == plan.count('"events"')


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "trait", "name": "a[0]", "op": "eq", "value": 1}, "cannot name"),
        ({"kind": "trait", "name": "a", "op": "in", "value": "x"}, "needs a list"),
        ({"kind": "trait", "name": "a", "op": "gt", "value": "x"}, "needs a number"),
        ({"kind": "trait", "name": "a", "op": "gt", "value": float("nan")}, "needs a number"),
        ({"kind": "trait", "name": "a", "op": "eq"}, "needs one value"),
        ({"kind": "trait", "name": "a", "op": "between", "value": [1]}, "two numbers"),
        ({"kind": "event", "within": "a while"}, "no span of time"),
        ({"kind": "event", "since": "spring"}, "no date"),
        ({"kind": "sample", "percent": 60, "start": 50}, "between 0 and 100"),
        (
            functools.reduce(lambda inner, _: {"kind": "none", "of": [inner]}, range(30), {"kind": "all", "of": []}),
            "nests",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(document, message):
    """A document that makes no sense is refused when it is read, with what to write instead."""
    with pytest.raises(BadAudience, match=message):
        msgspec.convert({"where": document}, Audience)


def test_operators_are_complete():
    """Every operator a document may use has its row of data, and every row is allowed."""
    assert set(get_args(rules.Operator)) == set(operator.OPERATORS)
