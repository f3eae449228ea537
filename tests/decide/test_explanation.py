"""Why somebody is in an audience, or is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.decide.explanation import NoSuchPerson, question, reason
from onevoice.domain import audience as rules
from onevoice.domain.audience import Audience
from onevoice.domain.moment import DAY
from tests.decide import world
from tests.decide.world import NOW

ANNA = {
    "people": {
        "p1": {"household": "h1", "traits": {"city": "Graz", "age": 41}},
        "p2": {"household": "h1", "traits": {}},
    },
    "events": [
        {"person": "p1", "name": "Order Completed", "channel": "store", "at": NOW - days * DAY, "revenue": 12_500_000,
         "campaign": None, "properties": {}, "page": None}
        for days in (3, 40)
    ],
    "lines": [],
    "consents": [{"person": "p1", "channel": "email", "state": "granted"}],
}  # fmt: skip


def why(engine, audience, person, others=None):
    """Return the reasons of a person."""
    asked = question(audience, world.mount(engine, ANNA), person, now=NOW, audiences=others)
    return reason(audience, engine.fetch(asked), audiences=others)


def told(why):
    """Return reasons as nested tuples."""
    return (why.holds, why.found, tuple(told(part) for part in why.parts))


def test_each_condition_shows_what_was_found(engine):
    """A person's reasons name each condition, whether it holds, and the value that was found."""
    audience = Audience(
        where=rules.All(
            of=(
                rules.Trait(name="city", op="eq", value="Wien"),
                rules.Happened(name="Order Completed", value=2, within="90d"),
                rules.Recency(name="Order Completed", op="older", ago="7d"),
                rules.Agreed(channel="email"),
                rules.HouseholdSize(op="eq", value=2),
                rules.Never(of=(rules.Trait(name="shoe", op="exists"), rules.Member(name="other"))),
            )
        )
    )
    others = {"other": Audience(where=rules.Household(rule=rules.Trait(name="age", op="gt", value=40)))}

    found = why(engine, audience, "p1", others)

    never = (False, "", ((False, "nothing", ()), (True, "", ((True, "", ()),))))
    parts = (
        (False, "Graz", ()),
        (True, "2", ()),
        (False, "2025-12-29T00:00:00.000Z", ()),
        (True, "granted", ()),
        (True, "2", ()),
        never,
    )
    assert (False, "", parts) == told(found)
    assert "whose city is “Wien”" == found.parts[0].sentence


def test_stranger_has_no_reasons(engine):
    """Nobody can be explained who is not there."""
    with pytest.raises(NoSuchPerson):
        why(engine, Audience(), "nobody")


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@given(world.world(), world.trees(), st.data())
@settings(max_examples=60)
def test_reasons_agree_with_membership(engine, data, tree, draw):
    """The reason at the top says exactly whether the person is in the audience."""
    audience, others = Audience(where=tree), {"other": Audience(where=rules.Trait(name="age", op="gt", value=3))}
    person = draw.draw(st.sampled_from(sorted(data["people"])))

    answer = engine.fetch(question(audience, world.mount(engine, data), person, now=NOW, audiences=others))

    expected = person in world.members(data, audience, others)
    assert expected == reason(audience, answer, audiences=others).holds
