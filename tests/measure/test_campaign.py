"""What a campaign did: the facts of a real one, and honesty about its effect."""

import random

import msgspec
import pyarrow as pa
import pytest
from scipy import stats

from onevoice.adapters.engine import open_engine
from onevoice.domain.estimate import Estimate, Flight, Inconclusive, Refused, Window
from onevoice.domain.moment import DAY
from onevoice.measure import campaign
from tests.conftest import NOW


def flight_of(journey, number):
    """Return one campaign of the Complete Journey."""
    row = next(row for row in journey["campaigns"].to_pylist() if row["campaign"] == str(number))
    return Flight(campaign=row["campaign"], window=Window(start=row["start"], end=row["stop"]), currency="USD")


def result_of(engine, tables, flight, **options):
    """Measure a flight on an engine."""
    for name in ("people", "events"):
        engine.mount(name, tables[name])
    return campaign.measure(engine.tables(), flight, engine.fetch, **options)


def error(estimate):
    """Return the standard error behind a Welch interval of large groups."""
    return (estimate.high - estimate.low) / 2 / stats.norm.ppf(0.975)


@pytest.mark.parametrize(
    ("number", "naive", "did", "did_error", "placebos", "errors"),
    [
        (13, 264.0, -7.8, 6.9, (-22.8, -13.8), (7.1, 7.3)),
        (18, 307.4, 14.2, 7.4, (-30.4, -42.8), (7.6, 7.4)),
    ],
)
def test_real_mailing_is_not_given_a_lift(engine, journey, number, naive, did, did_error, placebos, errors):
    """The published comparison of two real mailings comes out as published; placebos fail, so no effect is claimed."""
    result = result_of(engine, journey, flight_of(journey, number))

    assert naive == pytest.approx(result.difference.point, abs=0.05)
    assert placebos == tuple(pytest.approx(one.point, abs=0.05) for one in result.placebos)
    assert errors == tuple(pytest.approx(error(one), abs=0.05) for one in result.placebos)
    assert isinstance(result.effect, Refused)
    assert did == pytest.approx(result.effect.evidence[0].point, abs=0.05)
    assert did_error == pytest.approx(error(result.effect.evidence[0]), abs=0.05)
    assert "holdout" in result.effect.needs
    assert "no effect" in result.note


def test_facts_of_a_real_mailing(engine, journey):
    """Counts and spending of campaign 13 are those of the published table."""
    result = result_of(engine, journey, flight_of(journey, 13))

    assert (2469, 1077, 1077) == (result.people, result.targeted, result.reached)
    assert (400.8, 129.1) == (
        pytest.approx(result.targeted_arm.before, abs=0.05),
        pytest.approx(result.other_arm.before, abs=0.05),
    )


def test_redemption_by_type_of_campaign(engine, journey):
    """Redemption rates by type of campaign are those published: 16.56, 6.50 and 5.92 percent of mailings."""
    for name in ("people", "events"):
        engine.mount(name, journey[name])
    rates = {
        row["type"]: row["redeemed"] / row["mailed"]
        for row in engine.fetch(
            campaign.redemption(
                engine.tables(), engine.mount("flights", journey["campaigns"].select(["campaign", "type"]))
            )
        )
    }

    expected = {"Type A": 0.1656, "Type B": 0.0650, "Type C": 0.0592}
    assert expected == {kind: pytest.approx(rate, abs=0.00005) for kind, rate in rates.items()}


# --- worlds whose truth is known

WINDOW = Window(start=NOW, end=NOW + 30 * DAY)
FLIGHT = Flight(campaign="c", window=WINDOW)


def event(person, name, at, revenue=None, campaign_id=None):
    """Return one event row."""
    return {
        "person": person,
        "name": name,
        "occurred_at": at,
        "revenue": revenue,
        "currency": None,
        "campaign": campaign_id,
    }


def world(people, arm_of, spend):
    """Return people and events: who is sent to or withheld, and what each spends in each of four windows."""
    rows = []
    for person in people:
        arm = arm_of(person)
        name = {"targeted": "Email Sent", "withheld": "Message Withheld"}.get(arm)
        rows += [event(person, name, NOW, campaign_id="c")] if name else []
        for back in range(4):
            amount = spend(person, arm, back)
            rows += [event(person, "Order Completed", WINDOW.before(back).end - 1, round(amount * 1_000_000))]
    schema = pa.schema(
        [("person", pa.string()), ("name", pa.string()), ("occurred_at", pa.int64()), ("revenue", pa.int64()),
         ("currency", pa.string()), ("campaign", pa.string())]
    )  # fmt: skip
    return {"people": pa.table({"person": list(people)}), "events": pa.Table.from_pylist(rows, schema=schema)}


PEOPLE = [f"p{n}" for n in range(400)]


def noise(*seed):
    """Return a stable number around zero."""
    return random.Random(repr(seed)).gauss(0, 1)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_holdout_finds_the_effect_that_is_there(engine):
    """With a holdout drawn by chance the effect is estimated, with an interval that scipy confirms."""
    arms = {person: "targeted" if n % 2 else "withheld" for n, person in enumerate(PEOPLE)}

    def spend(person, arm, back):
        return 10 + noise(person, back) + (2 if arm == "targeted" and back == 0 else 0)

    result = result_of(engine, world(PEOPLE, arms.get, spend), FLIGHT, share=50)

    groups = [
        [round(spend(p, a, 0) * 1e6) / 1e6 for p, a in arms.items() if a == arm] for arm in ("targeted", "withheld")
    ]
    expected = stats.ttest_ind(*groups, equal_var=False).confidence_interval()
    assert isinstance(result.effect, Estimate)
    assert (expected.low, expected.high) == pytest.approx((result.effect.low, result.effect.high), abs=1e-4)
    assert result.effect.low < 2 < result.effect.high
    assert "+2." in result.note or "+1." in result.note


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_holdout_without_effect_is_inconclusive(engine):
    """Where nothing happened, nothing is claimed."""
    arms = {person: "targeted" if n % 2 else "withheld" for n, person in enumerate(PEOPLE)}

    result = result_of(engine, world(PEOPLE, arms.get, lambda person, arm, back: 10 + noise(person, back)), FLIGHT)

    assert isinstance(result.effect, Inconclusive)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_broken_split_blocks_the_verdict(engine):
    """A holdout of the wrong size is refused, whatever the numbers say."""
    arms = {person: "targeted" if n % 4 else "withheld" for n, person in enumerate(PEOPLE)}

    result = result_of(engine, world(PEOPLE, arms.get, lambda p, arm, back: 10 + noise(p)), FLIGHT, share=50)

    assert isinstance(result.effect, Refused)
    assert "100 people were withheld of 400" in result.effect.reason


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize(("extra", "expected"), [(3, Estimate), (0, Inconclusive)])
def test_parallel_groups_may_be_compared(engine, extra, expected):
    """Without a holdout a difference in differences counts only where earlier windows show none."""
    arms = {person: "targeted" if n % 2 else "other" for n, person in enumerate(PEOPLE)}

    def spend(person, arm, back):
        return (
            10
            + noise(person, back) / 10
            + (20 if arm == "targeted" else 0)
            + (extra if (arm, back) == ("targeted", 0) else 0)
        )

    result = result_of(engine, world(PEOPLE, arms.get, spend), FLIGHT)

    assert expected is type(result.effect)
    assert 20 + extra == pytest.approx(result.difference.point, abs=0.1)
    if extra:
        assert "observational" in result.effect.method
        assert result.effect.low < extra < result.effect.high


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_window_that_is_not_over_gives_no_effect(engine):
    """Orders known to the middle of the window only are not compared with whole windows before."""
    arms = {person: "targeted" if n % 2 else "other" for n, person in enumerate(PEOPLE)}
    made = world(PEOPLE, arms.get, lambda person, arm, back: 10 + noise(person, back) / 10 + 3 * (arm == "targeted"))
    later = Flight(campaign="c", window=Window(start=WINDOW.start, end=WINDOW.end + 30 * DAY))

    result = result_of(engine, made, later)

    assert isinstance(result.effect, Inconclusive)
    assert "end of the window" in result.effect.reason


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_campaign_of_nobody_has_a_result(engine):
    """A campaign that was never sent is measured as what it is."""
    result = result_of(engine, world(PEOPLE[:5], lambda person: "other", lambda *_: 1), FLIGHT)

    assert (5, 0, 0, 0) == (result.people, result.targeted, result.reached, result.redeemed)
    assert isinstance(result.redemption_rate, Refused)
    assert isinstance(result.effect, Inconclusive)
    assert msgspec.json.encode(result)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_facts_are_counted_per_person(engine):
    """Reached means delivered or not failed; opening twice is one response; another campaign does not count."""
    rows = [
        event("a", "Email Sent", NOW, campaign_id="c"),
        event("a", "Email Opened", NOW + 1, campaign_id="c"),
        event("a", "Email Opened", NOW + 2, campaign_id="c"),
        event("a", "Coupon Redeemed", NOW + 3, campaign_id="c"),
        event("b", "Email Sent", NOW, campaign_id="c"),
        event("b", "Email Bounced", NOW, campaign_id="c"),
        event("d", "Email Sent", NOW, campaign_id="other"),
        event("d", "Email Opened", NOW, campaign_id="other"),
    ]
    tables = world(["a", "b", "d"], lambda person: "other", lambda *_: 1)
    tables["events"] = pa.concat_tables([tables["events"], pa.Table.from_pylist(rows, schema=tables["events"].schema)])

    result = result_of(engine, tables, FLIGHT)

    assert (3, 2, 1, 1, 1) == (result.people, result.targeted, result.reached, result.responded, result.redeemed)


@pytest.mark.spark
def test_both_engines_give_the_same_bytes(spark, journey):
    """A result is the same to the last digit on DuckDB and on Spark."""
    results = [
        msgspec.json.encode(result_of(open_engine(kind, session=spark), journey, flight_of(journey, 18)))
        for kind in ("duckdb", "spark")
    ]

    assert results[0] == results[1]
