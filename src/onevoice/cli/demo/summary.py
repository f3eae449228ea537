"""What the demo holds, in a few lines: people, households, events by channel, and what campaigns did."""

from rich.console import Console
from rich.table import Table

from onevoice.adapters.analysis import Analysis
from onevoice.cli.demo.house import CAMPAIGN, Demo
from onevoice.domain.estimate import CampaignResult, Estimate
from onevoice.wiring.analysis import open_analysis

#: The three largest mailings of the year, one of each booklet's kind is among them.
MAILED = ("journey-8", "journey-13", "journey-18")


def show(house: Demo, *, seconds: float) -> None:
    """Print the summary."""
    out = Console()
    state = house.stores.state
    people, households, events = (
        (state.one(query) or (0,))[0]
        for query in (
            "SELECT count(DISTINCT person) FROM nodes",
            "SELECT count(DISTINCT household) FROM persons WHERE household <> '' AND redirect = ''",
            "SELECT count(*) FROM events",
        )
    )
    out.print(f"\n[bold]{people:,} people[/], {households:,} households of more than one, [bold]{events:,} events[/].")
    channels = Table("channel", "events", box=None)
    for channel, number in state.query("SELECT channel, count(*) FROM events GROUP BY channel ORDER BY 2 DESC"):
        channels.add_row(channel, f"{number:,}")
    out.print(channels)
    sent = state.query(
        "SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state ORDER BY channel, state"
    )
    out.print(
        f"\n[bold]{CAMPAIGN}[/], sent just now: " + ", ".join(f"{n:,} {channel} {how}" for channel, how, n in sent)
    )
    analysis = open_analysis(house.stores)
    out.print()
    out.print(results(analysis))
    analysis.close()
    out.print("An effect is not knowable where the mailed households were chosen, not drawn by lot.\n")
    out.print(
        "Real: purchases, mailings, coupons, demographics. Made up, and marked so: contacts, web visits, the brand."
    )
    out.print(f"Took {seconds:.0f} seconds. The workspace is {house.folder}")


def results(analysis: Analysis) -> Table:
    """Return what mailed campaigns did; an effect that cannot be known says so."""
    shown = Table("mailed campaign", "households", "redeemed", "spent each", "others", "effect", box=None)
    for name in MAILED:
        result = analysis.campaign(analysis.flight(name))
        shown.add_row(
            name,
            f"{result.targeted:,}",
            percent(result),
            f"{result.targeted_arm.revenue:,.0f}",
            f"{result.other_arm.revenue:,.0f}",
            effect(result),
        )
    return shown


def percent(result: CampaignResult) -> str:
    """Return the share that redeemed, with its interval."""
    rate = result.redemption_rate
    return f"{rate.point:.1%} ({rate.low:.0%}–{rate.high:.0%})" if isinstance(rate, Estimate) else rate.reason


def effect(result: CampaignResult) -> str:
    """Return the effect of a campaign, or in short why there is none to tell."""
    if isinstance(result.effect, Estimate):
        return f"{result.effect.point:+,.2f} ({result.effect.low:+,.2f} to {result.effect.high:+,.2f})"
    return "not knowable"
