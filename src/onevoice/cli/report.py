"""Reports: what a campaign did, and the figures of the first page."""

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from onevoice.adapters.analysis import Dashboard
from onevoice.cli.audience import opened
from onevoice.domain.audience import moment
from onevoice.domain.campaign import Campaign
from onevoice.domain.errors import BadInput
from onevoice.domain.estimate import Answer, CampaignResult, Estimate, Flight, Window
from onevoice.domain.moment import to_iso
from onevoice.domain.money import MICROS
from onevoice.wiring.stores import Stores

report = typer.Typer(no_args_is_help=True, help="Reports: what campaigns did, and the figures of the first page.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(report, name="report")


@report.command("campaign")
def campaign(
    name: str,
    since: str = typer.Option("", help="First day of the window; default: the day of the first letter."),
    until: str = typer.Option("", help="Day after the window; default: after the last redemption, or after --days."),
    days: int = typer.Option(28, min=1, help="Length of the window where nothing else says it."),
    currency: str = typer.Option("", help="Count this currency only."),
    as_json: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Say what a campaign did: reached, responded, redeemed, revenue, and what it caused, if that can be said."""
    with opened() as (stores, analysis):
        found = analysis.flight(name, days)
        window = Window(
            start=moment(since) if since else found.window.start, end=moment(until) if until else found.window.end
        )
        if window.start >= window.end:
            raise BadInput("The window must end after it starts.")
        result = analysis.campaign(
            Flight(campaign=name, window=window, currency=currency.upper()), share=_holdout(stores, name)
        )
    if as_json:
        print(msgspec.json.encode(result).decode())
    else:
        _show(result)


def _holdout(stores: Stores, name: str) -> float:
    found = stores.definitions.find("campaign", name)
    return msgspec.json.decode(bytes(found.body), type=Campaign).holdout if found else 0.0


def _show(result: CampaignResult) -> None:
    window = result.flight.window
    table = Table("figure", "value", "95 % interval", title=f"{escape(result.flight.campaign)}")
    table.add_row("window", f"{to_iso(window.start)[:10]} to {to_iso(window.end - 1)[:10]}", "")
    table.add_row("people known", f"{result.people:,}", "")
    table.add_row("targeted", f"{result.targeted:,}", "")
    for label, number, rate in (
        ("reached", result.reached, result.reach_rate),
        ("responded", result.responded, result.response_rate),
        ("redeemed", result.redeemed, result.redemption_rate),
    ):
        table.add_row(label, f"{number:,}", _interval(rate, percent=True))
    for label, arm in (("targeted", result.targeted_arm), ("others", result.other_arm)):
        spent = f"{arm.revenue:,.2f} (before: {arm.before:,.2f})"
        table.add_row(f"revenue per person, {label}", spent, f"{arm.people:,} people")
    table.add_row("difference as observed", f"{result.difference.point:+,.2f}", _interval(result.difference))
    for one in result.placebos:
        table.add_row(one.method, f"{one.point:+,.2f}", _interval(one))
    if isinstance(result.effect, Estimate):
        table.add_row("effect per targeted person", f"{result.effect.point:+,.2f}", _interval(result.effect))
    console = Console()
    console.print(table)
    console.print(escape(result.note))


def _interval(answer: Answer, *, percent: bool = False) -> str:
    if not isinstance(answer, Estimate):
        return answer.reason
    if percent:
        return f"{answer.point:.1%} [{answer.low:.1%}, {answer.high:.1%}]"
    return f"[{answer.low:+,.2f}, {answer.high:+,.2f}]"


@report.command("dashboard")
def dashboard(as_json: bool = typer.Option(False, "--json", help="Print everything as JSON.")) -> None:
    """Print people, revenue by channel, store and online, categories, repeat buyers, research online."""
    with opened() as (_, analysis):
        found = analysis.dashboard()
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        _show_dashboard(found)


def _show_dashboard(found: Dashboard) -> None:
    console = Console()
    console.print(f"{found.people:,} people in {found.households:,} households")
    console.print(f"{found.buyers:,} bought, {found.repeated:,} of them on more than one day")
    places = Table("place", "currency", "orders", "revenue", "people")
    for row in found.places:
        places.add_row(*_words(row, "place", "currency", "orders", "revenue", "people"))
    console.print(places)
    categories = Table("category", "amount", "people")
    for row in found.categories:
        categories.add_row(*_words(row, "category", "amount", "people"))
    console.print(categories)
    ropo = found.ropo
    console.print(
        f"Research online, buy in store: {_interval(ropo.answer, percent=True)} "
        f"({ropo.seen:,} of {ropo.store_orders:,} store orders can be judged)"
    )


def _words(row: dict[str, object], *names: str) -> list[str]:
    return [_word(name, row[name]) for name in names]


def _word(name: str, value: object) -> str:
    if name in {"revenue", "amount"} and isinstance(value, int):
        return f"{value / MICROS:,.2f}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
