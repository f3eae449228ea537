"""Commands of the machine room: worker, rebuild, doctor."""

from enum import StrEnum

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from onevoice.cli.supervisor import Child, Supervisor, command, follow_parent, stop_on_signals
from onevoice.cli.workspace import current
from onevoice.domain.errors import NotAllowed
from onevoice.wiring import logs
from onevoice.wiring.stores import Stores
from onevoice.worker import checkup
from onevoice.worker.rebuild import Rebuild
from onevoice.worker.shift import Role, Shift

screen = Console(stderr=True)


class Unwell(NotAllowed):
    """At least one check failed; each line above says what to do."""


class Differs(NotAllowed):
    """What is stored differs from what the log says; `onevoice rebuild` without --check puts it right."""


class Part(StrEnum):
    """What one worker process does."""

    all = "all"
    resolve = "resolve"
    consume = "consume"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for function in (worker, rebuild, doctor):
        app.command()(function)


def worker(part: Part = typer.Option(Part.all, help="resolve: intake to profiles; consume: all that follows.")) -> None:
    """Run the worker alone, for scale; a second one stands by until the first ends."""
    settings = current()
    logs.configure(settings)
    stop = stop_on_signals()
    if part is Part.all:
        parts = (Part.resolve, Part.consume)
        Supervisor([Child(name=one.value, argv=command("worker", "--part", one.value)) for one in parts]).run(stop)
        return
    follow_parent()
    Shift(Stores.open(settings), settings, Role(part.value)).run(stop)


def rebuild(check: bool = typer.Option(False, "--check", help="Only compare, and exit 1 on any difference.")) -> None:
    """Replay the log into fresh tables, say what differs from what is stored, and put it right."""
    settings = current()
    logs.configure(settings)
    with Rebuild(settings) as made:
        _replay(made)
        found = made.differences()
        for line in found.lines:
            print(line)
        if found.count == 0:
            print(f"No difference: {made.events} events replayed.")
        elif check:
            raise Differs(f"{found.count} differences; `onevoice rebuild` without --check puts them right.")
        else:
            made.swap()
            print(f"Rebuilt: {found.count} differences put right.")


def _replay(made: Rebuild) -> None:
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("replay", total=made.total)
        for done in made.replay():
            bar.update(task, completed=done)


def doctor() -> None:
    """Check the workspace: settings, folder, stores, lake, clock, worker, mail; exit 1 if something is wrong."""
    settings = current()
    table = Table("", "what", "finding", box=None, pad_edge=False)
    found = list(checkup.examine(settings))
    for finding in found:
        table.add_row({"ok": "✓", "warn": "!", "fail": "✗"}[finding.state], finding.what, finding.sentence)
    Console().print(table)
    if any(finding.state == "fail" for finding in found):
        raise Unwell
