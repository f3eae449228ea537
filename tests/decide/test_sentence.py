"""Audiences read back as English."""

import pytest
from hypothesis import given

from onevoice.decide.sentence import clause, sentence
from onevoice.domain import audience as rules
from onevoice.domain.audience import Audience
from tests.decide import world


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (rules.All(of=()), "Everyone."),
        (rules.Some(of=()), "People of no kind at all."),
        (
            rules.All(
                of=(
                    rules.Trait(name="income", op="in", value=["50-74K", "75-99K"]),
                    rules.Happened(name="Order Completed", value=2, within="90d", channel="store"),
                    rules.Never(of=(rules.Happened(name="Email Opened", within="30d"),)),
                )
            ),
            (
                "People whose income is one of “50-74K” or “75-99K”, who did “Order Completed” in the channel “store” "
                "at least 2 times in the last 90 days and except those who did “Email Opened” in the last 30 days."
            ),
        ),
        (
            rules.Some(of=(rules.Trait(name="vip", op="eq", value=True), rules.Member(name="loyal"))),
            "People whose vip is yes or in the audience “loyal”.",
        ),
        (
            rules.Happened(name="Order Completed", measure="sum", op="gt", value=1500, since="2026-01-01"),
            "People whose revenue over “Order Completed” is more than 1,500 from 2026-01-01 on.",
        ),
        (
            rules.Happened(name="Page Viewed", measure="days", op="between", value=[2, 5]),
            "People who did “Page Viewed” on between 2 and 5 days.",
        ),
        (
            rules.Happened(name="Email Opened", op="eq", value=0, within="1d"),
            "People who never did “Email Opened” in the last 1 day.",
        ),
        (
            rules.Happened(where=(rules.Property(name="colour", op="exists"),), op="at_most", value=1),
            "People who did anything where colour is known at most 1 time.",
        ),
        (
            rules.Bought(categories=("wine",), departments=("DRUG",), op="at_least", value=3, until="2026-05-01"),
            "People who bought category “wine” or department “DRUG” in at least 3 orders until 2026-05-01.",
        ),
        (
            rules.Bought(products=("7",), measure="amount", op="lt", value=20),
            "People who bought product “7” of which the amount is less than 20.",
        ),
        (
            rules.Recency(name="Order Completed", op="older", ago="60d"),
            "People whose last “Order Completed” was more than 60 days ago.",
        ),
        (rules.Agreed(channel="email"), "People who agreed to marketing by email."),
        (
            rules.Household(rule=rules.Agreed(channel="print", state="withdrawn")),
            "People in whose household there is somebody who withdrew their consent to marketing by print.",
        ),
        (rules.HouseholdSize(op="gt", value=1), "People who live in a household of more than 1 person."),
        (rules.Sample(percent=10, salt="spring"), "People in a stable sample of 10 % (“spring”)."),
        (rules.Listed(people=("a", "b")), "People on a list of 2 people."),
    ],
)
def test_rule_reads_back(where, expected):
    """Every kind of rule reads back as one English sentence."""
    assert expected == sentence(Audience(where=where))


@given(world.trees())
def test_every_rule_has_a_sentence(tree):
    """Whatever the rule, it can be said, on one line."""
    said = clause(tree)

    assert said
    assert "{" not in said
    assert "\n" not in said
