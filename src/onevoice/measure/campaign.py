"""
What one campaign did.

Facts are counted: targeted, reached, responded, redeemed, revenue per person. What the campaign *caused* is answered
only where it can be: from a holdout drawn by chance (intention to treat), or else from differences in differences
whose placebo windows pass. Whoever was chosen to be mailed usually bought more already; the naive comparison is
shown as what it is, and refused as an effect (Gordon et al. 2019; reference measurement, principle 7).
"""

from collections.abc import Callable, Mapping
from typing import Any

import ibis

from onevoice.domain.estimate import Answer, Arm, CampaignResult, Estimate, Flight, Inconclusive, Refused, Window
from onevoice.domain.moment import DAY
from onevoice.domain.money import MICROS
from onevoice.measure import interval
from onevoice.measure.interval import Moments

#: Ibis expressions by name: people (person) and events (person, name, campaign, occurred_at, revenue, currency, body).
Tables = Mapping[str, ibis.Table]
#: Evaluates an expression of a few rows.
Fetch = Callable[[ibis.Table], list[dict[str, Any]]]

SENT = ("Email Sent", "SMS Sent", "Message Sent", "Mail Piece Sent", "Push Notification Sent", "Call Placed")
ARRIVED = ("Email Delivered", "SMS Delivered", "Message Delivered", "Mail Piece Delivered")
FAILED = ("Email Bounced", "SMS Failed", "Message Failed", "Mail Piece Returned")
RESPONSES = (
    "Email Opened",
    "Email Link Clicked",
    "SMS Link Clicked",
    "Message Link Clicked",
    "Link Clicked",
    "Code Scanned",
    "SMS Received",
    "Message Received",
)
REDEEMED = ("Coupon Redeemed", "Offer Redeemed", "Mail Code Redeemed")
#: Says who was withheld by chance, to be compared with.
WITHHELD = ("Message Withheld", "Campaign Withheld")

HUNDREDTHS = 100
PLACEBOS = 2  #: earlier windows in which nothing should be found
FEWEST = 30  #: people in the smaller group below which no interval is trusted

HONEST = "People were chosen for this campaign, not drawn: those targeted differed from the others before it began."
UNFINISHED = "Orders are not known to the end of the window yet; a part of it cannot be held against whole ones."
HOLDOUT = "Hold out a share of the audience by chance (campaign setting `holdout`), and measure again."


def events_of(tables: Tables, flight: Flight) -> ibis.Table:
    """Return the campaign's own events, whenever they happened."""
    return tables["events"].filter(tables["events"].campaign == flight.campaign)


def spending(tables: Tables, flight: Flight, windows: Mapping[str, Window]) -> ibis.Table:
    """Return person and revenue in micros in each window, for everyone who bought in any."""
    events = tables["events"]
    inside = {
        name: ibis.and_(events.occurred_at >= window.start, events.occurred_at < window.end)
        for name, window in windows.items()
    }
    sold = [events.revenue.notnull(), ibis.or_(*inside.values())]
    sold += [(events.currency == flight.currency) | events.currency.isnull()] if flight.currency else []
    return (
        events.filter(*sold)
        .group_by("person")
        .aggregate(**{name: events.revenue.sum(where=test) for name, test in inside.items()})
    )


def ledger(tables: Tables, flight: Flight) -> ibis.Table:
    """Return one row a person: how the campaign met them, and what they spent in it and in the windows before."""
    own = events_of(tables, flight)

    def met(names: tuple[str, ...]) -> Any:
        return own.name.isin(names).cast("int64").max()

    met_by = own.group_by("person").aggregate(
        sent=met(SENT), arrived=met(ARRIVED), failed=met(FAILED), responded=met(RESPONSES),
        redeemed=met(REDEEMED), withheld=met(WITHHELD),
    )  # fmt: skip
    windows = {f"w{back}": flight.window.before(back) for back in range(PLACEBOS + 2)}
    money = spending(tables, flight, windows)
    people = tables["people"].select("person")
    joined = people.left_join(met_by, "person").drop("person_right").left_join(money, "person").drop("person_right")
    numbers = [name for name in joined.columns if name != "person"]
    return joined.mutate(**{name: joined[name].fill_null(0) for name in numbers})


def summary(tables: Tables, flight: Flight) -> ibis.Table:
    """Return counts, sums and sums of squares for each group: targeted, withheld by chance, everybody else."""
    people = ledger(tables, flight)
    group = ibis.cases((people.withheld == 1, "withheld"), (people.sent == 1, "targeted"), else_="other")
    people = people.mutate(arm=group, here=((people.arrived == 1) | (people.failed == 0)).cast("int64"))
    sums: dict[str, Any] = {
        "n": people.count(),
        "reached": people.here.sum(where=people.sent == 1),
        "responded": people.responded.sum(),
        "redeemed": people.redeemed.sum(),
        "before_start": people.w1.sum(),
    }
    for name, value in _outcomes(people).items():
        amount = value.cast("float64") / MICROS
        sums[f"{name}_sum"] = value.sum()
        # Whole hundredths add up to the same sum in any order, so that every engine and run gives the same bytes.
        sums[f"{name}_squares"] = (amount * amount * HUNDREDTHS).round().cast("int64").sum()
    return people.group_by("arm").aggregate(**sums)


def redemption(tables: Tables, flights: ibis.Table) -> ibis.Table:
    """Return by type of campaign how many mailings there were and how many of them were redeemed."""
    events = tables["events"]
    met = events.group_by("campaign", "person").aggregate(
        sent=events.name.isin(SENT).cast("int64").max(), redeemed=events.name.isin(REDEEMED).cast("int64").max()
    )
    of_type = flights.select("campaign", "type").inner_join(met, "campaign")
    return of_type.group_by("type").aggregate(
        mailed=of_type.sent.sum(), redeemed=of_type.redeemed.sum(where=of_type.sent == 1)
    )


def _outcomes(people: ibis.Table) -> dict[str, Any]:
    """Spending in the window, and its change against the window before; then the same change at earlier times."""
    changes = {f"change{back}": people[f"w{back}"] - people[f"w{back + 1}"] for back in range(PLACEBOS + 1)}
    return {"spent": people.w0, **changes}


def _moments(row: Mapping[str, Any], name: str) -> Moments:
    return interval.moments(int(row["n"]), int(row[f"{name}_sum"]) / MICROS, int(row[f"{name}_squares"]) / HUNDREDTHS)


def _empty() -> dict[str, Any]:
    names = ["spent", *(f"change{back}" for back in range(PLACEBOS + 1))]
    sums = {f"{name}_{what}": 0 for name in names for what in ("sum", "squares")}
    return {"n": 0, "reached": 0, "responded": 0, "redeemed": 0, "before_start": 0, **sums}


def measure(tables: Tables, flight: Flight, fetch: Fetch, *, share: float = 0.0) -> CampaignResult:
    """
    Return the campaign's result; *share* is the percentage planned as holdout, for the sample-ratio check.

    Counts are of persons; rates are of those targeted.
    """
    arms = {row["arm"]: row for row in fetch(summary(tables, flight))}
    orders = tables["events"].filter(tables["events"].name == "Order Completed")
    (row,) = fetch(orders.aggregate(last=orders.occurred_at.max()))
    return read(flight, arms, share=share, over=int(row["last"] or 0) >= flight.window.end - DAY)


def read(
    flight: Flight, arms: Mapping[str, Mapping[str, Any]], *, share: float = 0.0, over: bool = True
) -> CampaignResult:
    """Read the rows of `summary` by group into a result; *over* says that orders are known to the window's last day."""
    targeted, other, withheld = (arms.get(name) or _empty() for name in ("targeted", "other", "withheld"))
    rest = withheld if withheld["n"] else other
    comparable = min(int(targeted["n"]), int(rest["n"])) >= 2
    difference = _difference(targeted, rest, "spent", "as observed") if comparable else _nothing()
    placebos = tuple(
        _difference(targeted, other, f"change{back}", f"placebo, {back} window{'s' if back > 1 else ''} earlier")
        for back in range(1, PLACEBOS + 1)
        if min(int(targeted["n"]), int(other["n"])) >= 2
    )
    effect = _effect(targeted, other, withheld, placebos, share)
    if not over and not withheld["n"]:
        effect = Inconclusive(reason=UNFINISHED)
    count = int(targeted["n"])
    return CampaignResult(
        flight=flight,
        people=sum(int(row["n"]) for row in arms.values()),
        targeted=count,
        reached=int(targeted["reached"]),
        responded=int(targeted["responded"]),
        redeemed=int(targeted["redeemed"]),
        reach_rate=interval.proportion(int(targeted["reached"]), count),
        response_rate=interval.proportion(int(targeted["responded"]), count),
        redemption_rate=interval.proportion(int(targeted["redeemed"]), count),
        targeted_arm=_arm(targeted),
        other_arm=_arm(rest),
        difference=difference,
        placebos=placebos,
        effect=effect,
        note=_note(effect, difference),
    )


def _arm(row: Mapping[str, Any]) -> Arm:
    n = int(row["n"])
    each = n * MICROS or 1
    return Arm(people=n, revenue=int(row["spent_sum"]) / each, before=int(row["before_start"]) / each)


def _difference(a: Mapping[str, Any], b: Mapping[str, Any], outcome: str, method: str) -> Estimate:
    return interval.welch(_moments(a, outcome), _moments(b, outcome), method=method)


def _nothing() -> Estimate:
    return Estimate(point=0.0, low=float("-inf"), high=float("inf"), n=0, method="nobody to compare with")


def _effect(
    targeted: Mapping[str, Any],
    other: Mapping[str, Any],
    withheld: Mapping[str, Any],
    placebos: tuple[Estimate, ...],
    share: float,
) -> Answer:
    if withheld["n"]:
        return _intention_to_treat(targeted, withheld, share)
    if min(int(targeted["n"]), int(other["n"])) < FEWEST:
        return Inconclusive(reason=f"Fewer than {FEWEST} people were targeted, or fewer than {FEWEST} were not.")
    failed = [placebo for placebo in placebos if placebo.sure]
    change = _difference(targeted, other, "change0", "difference in differences")
    if failed:
        worst = max(failed, key=lambda placebo: abs(placebo.point))
        reason = (
            f"{HONEST} The same comparison finds {worst.point:+.2f} per person in an earlier window, "
            "where the campaign cannot have caused anything."
        )
        return Refused(reason=reason, needs=HOLDOUT, evidence=(change, *placebos))
    if not change.sure:
        return Inconclusive(reason="The interval of the effect includes zero.", evidence=(change, *placebos))
    return Estimate(
        point=change.point,
        low=change.low,
        high=change.high,
        n=change.n,
        method="difference in differences, observational",
        assumptions=("Without the campaign both groups would have changed alike.", "Both placebo windows passed."),
    )


def _intention_to_treat(targeted: Mapping[str, Any], withheld: Mapping[str, Any], share: float) -> Answer:
    counts = (int(targeted["n"]), int(withheld["n"]))
    if min(counts) < FEWEST:
        return Inconclusive(reason=f"Fewer than {FEWEST} people are in one of the groups.")
    if share and interval.sample_ratio(counts, (100 - share, share)) < 0.001:
        return Refused(
            reason=f"{counts[1]:,} people were withheld of {sum(counts):,}, but {share:g} % was planned: something "
            "other than chance decided who was sent to.",
            needs="Find out why sending failed for one group, and repeat the campaign.",
        )
    found = interval.welch(
        _moments(targeted, "spent"),
        _moments(withheld, "spent"),
        method="intention to treat, holdout by chance",
        assumptions=("Chance alone decided who was withheld.",),
    )
    if not found.sure:
        return Inconclusive(reason="The interval of the effect includes zero.", evidence=(found,))
    return found


def _note(effect: Answer, difference: Estimate) -> str:
    match effect:
        case Estimate():
            return (
                f"The campaign is estimated to have brought {effect.point:+.2f} per targeted person "
                f"[{effect.low:.2f}, {effect.high:.2f}], by {effect.method}."
            )
        case Refused():
            return (
                f"Targeted people spent {difference.point:+.2f} compared with the others, but that is no effect of "
                f"the campaign. {effect.reason} {effect.needs}"
            )
        case Inconclusive():
            return f"No reliable effect can be told: {effect.reason}"
