"""Commands about documents and campaigns: apply, export, compose, prove, send."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from onevoice.adapters.campaigns.documents import Pinned, apply, export, read_file, read_folder
from onevoice.adapters.campaigns.planner import Planner
from onevoice.adapters.campaigns.press import Sheet
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.members import Members
from onevoice.adapters.state.recipients import RecipientStore
from onevoice.cli.workspace import current
from onevoice.domain.delivery import Send
from onevoice.domain.errors import BadInput
from onevoice.domain.moment import SECOND
from onevoice.wiring.analysis import open_analysis
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now, secret_of
from onevoice.worker.deliveries import Deliveries

#: File endings of what `compose` writes.
ENDINGS = {"email": "eml", "sms": "txt", "postcard": "pdf"}
#: Verdicts, the worst last.
MARKS = {
    "proven": "[green]proven[/green]",
    "unproven": "[yellow]unproven[/yellow]",
    "missing": "[red]missing[/red]",
    "contradicted": "[red]contradicted[/red]",
}
PAGE = 1_000  #: members read at once
PATIENCE = 60 * SECOND  #: without progress for so long, `send --now` leaves the rest to the worker


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command(name="apply")(apply_documents)
    app.command(name="export")(export_documents)
    app.command()(compose)
    app.command()(prove)
    app.command()(send)


def apply_documents(
    path: Path = typer.Argument(Path(), help="The workspace folder, or one file of it."),
) -> None:
    """Store the documents of a folder: brand, offers, briefs, audiences, campaigns. What is unchanged stays."""
    found = [read_file(path.resolve())] if path.is_file() else read_folder(path)
    if not found:
        raise BadInput(f"{path} holds no documents; they lie in brand/, offers/, briefs/, audiences/, campaigns/.")
    stores = Stores.open(current())
    done = apply(stores.definitions, found, now=now(), by="command line")
    for loose, stored, new in done:
        print(f"{loose.kind:<9} {loose.name:<24} version {stored.version}{'' if new else ', unchanged'}")
    stores.close()


def export_documents(folder: Path = typer.Argument(Path(), help="Where to write; default: here.")) -> None:
    """Write the newest version of every document as YAML; files of the same name are replaced."""
    stores = Stores.open(current())
    for path in export(stores.definitions, folder):
        print(path)
    stores.close()


def compose(
    campaign: str,
    to: Path = typer.Option(Path("preview"), help="The folder for the previews."),
) -> None:
    """Write a campaign in every medium for a few people, as the files that would go out."""
    stores = Stores.open(current())
    _, pinned, sheets = _sampled(stores, campaign)
    to.mkdir(parents=True, exist_ok=True)
    for at, sheet in enumerate(sheets):
        path = to / f"{pinned.name}-{sheet.channel}-{at}.{ENDINGS[sheet.letter.medium]}"
        path.write_bytes(sheet.output)
        print(path)
        if sheet.letter.html:
            path.with_suffix(".html").write_text(sheet.letter.html, encoding="utf-8")
            print(path.with_suffix(".html"))
    stores.close()


def prove(campaign: str) -> None:
    """Prove a campaign from its output bytes: a matrix of facts and media, with evidence where something is wrong."""
    stores = Stores.open(current())
    _, _, sheets = _sampled(stores, campaign)
    console = Console()
    console.print(_matrix(sheets))
    faults = [(sheet, cell) for sheet in sheets for cell in sheet.proof.faults]
    for sheet, cell in faults:
        who = sheet.to.name or sheet.to.to
        console.print(f"[red]{cell.medium}[/red] to {escape(who)}: {escape(cell.fact)}: {escape(cell.evidence)}")
    stores.close()
    if faults:
        sys.exit(1)
    console.print(f"Proven on {len(sheets)} letters.")


def send(
    campaign: str,
    at_once: bool = typer.Option(False, "--now", help="Send from here too, without waiting for a worker."),
    refresh: bool = typer.Option(True, help="Compute the audience anew first."),
) -> None:
    """Plan a campaign for everybody in its audience, and send it; a repeat adds only who is new."""
    settings = current()
    stores = Stores.open(settings)
    audience = _planner(stores).pinned(campaign).campaign.audience
    size = _refreshed(stores, audience) if refresh else Members(stores.state).size(audience)
    with _bar() as bar:
        task = bar.add_task("Planning", total=size)
        run = plan(stores, campaign, lambda count: bar.advance(task, count))
    if at_once:
        with _bar() as bar:
            task = bar.add_task("Sending ", total=Ledger(stores.state).pending(run.id))
            deliver(stores, campaign, lambda done: bar.update(task, completed=done))
    _account(Ledger(stores.state), run.id)
    stores.close()


def plan(stores: Stores, campaign: str, told: Callable[[int], None] = lambda _: None) -> Send:
    """Give everybody in a campaign's audience a row; *told* hears how many people were added."""
    planner = _planner(stores)
    audience = planner.pinned(campaign).campaign.audience
    return planner.plan(campaign, lambda: members(stores, audience), now=now(), told=told)


def deliver(stores: Stores, campaign: str, told: Callable[[int], None] = lambda _: None) -> None:
    """
    Send a campaign's newest run until nothing waits, or only what must wait longer than we do.

    *told* hears how many letters are done.
    """
    ledger = Ledger(stores.state)
    run = ledger.sends(campaign)[0].id
    sender = Deliveries(stores, stores.settings)
    if "email" not in sender.channels and any(channel == "email" for channel, _ in ledger.counts(run)):
        print("No mail server is set (smtp in onevoice.yaml), so e-mail waits for one.", file=sys.stderr)
    first, deadline = ledger.pending(run), now() + PATIENCE
    while (left := ledger.pending(run)) and now() < deadline:
        told(first - left)
        if not sender.step():
            break
        deadline = now() + PATIENCE if ledger.pending(run) < left else deadline
    told(first - ledger.pending(run))
    sender.step()
    sender.close()


def members(stores: Stores, audience: str) -> Iterator[str]:
    """Yield the persons of an audience in pages, so that planning may write between them."""
    after = ""
    store = Members(stores.state)
    while page := store.page(audience, after, PAGE):
        yield from (stay.person for stay in page)
        after = page[-1].person


def _planner(stores: Stores) -> Planner:
    settings = stores.settings
    return Planner(
        stores.state,
        RecipientStore(stores.state),
        base=settings.url,
        secret=secret_of(settings),
        mail_from=settings.mail_from,
    )


def _sampled(stores: Stores, campaign: str) -> tuple[Planner, Pinned, list[Sheet]]:
    planner = _planner(stores)
    pinned = planner.pinned(campaign)
    sheets = planner.samples(pinned, members(stores, pinned.campaign.audience), now=now())
    return planner, pinned, sheets


def _matrix(sheets: Sequence[Sheet]) -> Table:
    media = list(dict.fromkeys(sheet.letter.medium for sheet in sheets))
    cells = [cell for sheet in sheets for cell in sheet.proof.cells]
    worst: dict[tuple[str, str], str] = {}
    for cell in sorted(cells, key=lambda one: list(MARKS).index(one.verdict)):
        worst[cell.fact, cell.medium] = cell.verdict
    table = Table("fact", *media)
    for fact in dict.fromkeys(cell.fact for cell in cells):
        table.add_row(escape(fact), *(MARKS.get(worst.get((fact, medium), ""), "") for medium in media))
    return table


def _refreshed(stores: Stores, audience: str) -> int:
    analysis = open_analysis(stores)
    try:
        return analysis.refresh(audience, now()).size
    finally:
        analysis.close()


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), transient=False
    )


def _account(ledger: Ledger, run: str) -> None:
    table = Table("channel", "state", "letters")
    for (channel, found), number in sorted(ledger.counts(run).items()):
        table.add_row(channel, found, f"{number:,}")
    console = Console()
    console.print(table)
    for channel, state, reason, number in ledger.reasons(run)[:12]:
        console.print(f"{number:>7,} {channel} {state}: {escape(reason)}")
