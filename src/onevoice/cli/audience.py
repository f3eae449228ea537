"""Commands about audiences: who is in, how many, and why."""

import contextlib
import csv
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from onevoice.adapters.analysis import Analysis
from onevoice.cli.workspace import current
from onevoice.decide.sentence import sentence
from onevoice.domain.audience import Reason
from onevoice.domain.errors import BadInput
from onevoice.domain.moment import to_iso
from onevoice.wiring.analysis import open_analysis
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now

audience = typer.Typer(no_args_is_help=True, help="Audiences: who is in, how many, and why.")

FORMATS = ("text", "jsonl", "csv")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(audience, name="audience")


@contextlib.contextmanager
def opened() -> Iterator[tuple[Stores, Analysis]]:
    """Open the workspace we stand in with its engine, and close both."""
    stores = Stores.open(current())
    analysis = open_analysis(stores)
    try:
        yield stores, analysis
    finally:
        analysis.close()
        stores.close()


@audience.command("list")
def list_audiences() -> None:
    """List the audiences with their size at the last refresh."""
    with opened() as (_, analysis):
        table = Table("name", "size", "refreshed", "sentence")
        for name, one in analysis.audiences().items():
            newest = analysis.members.trend(name, limit=1)
            size, at = (f"{newest[0].size:,}", to_iso(newest[0].at)) if newest else ("", "never")
            table.add_row(escape(name), size, at, escape(sentence(one)))
        Console().print(table)


@audience.command("show")
def show(name: str, sql: bool = typer.Option(False, "--sql", help="Also print the SQL it becomes.")) -> None:
    """Read an audience back as a sentence, with its document."""
    with opened() as (_, analysis):
        found, version = analysis.audience(name)
        print(f"{name}, version {version}: {sentence(found)}")
        print(msgspec.yaml.encode(found, order="sorted").decode().rstrip())
        if sql:
            print(analysis.sql(found, now()))


@audience.command("count")
def count(name: str) -> None:
    """Count who satisfies an audience at this moment."""
    with opened() as (_, analysis):
        print(analysis.count(analysis.audience(name)[0], now()))


@audience.command("members")
def members(
    name: str,
    form: str = typer.Option("text", "--format", help="text, jsonl or csv."),
    limit: int = typer.Option(0, help="At most so many; 0: all."),
) -> None:
    """Print the members as of the last refresh, a person a line."""
    if form not in FORMATS:
        raise BadInput(f"--format is one of {', '.join(FORMATS)}.")
    with opened() as (_, analysis):
        analysis.audience(name)
        rows: list[dict[str, Any]] = []
        after = ""
        while stays := analysis.members.page(name, after, limit=min(limit - len(rows), 1_000) if limit else 1_000):
            rows += [{"person": stay.person, "since": to_iso(stay.entered_at), "stay": stay.stay} for stay in stays]
            after = stays[-1].person
            if limit and len(rows) >= limit:
                break
    _print(rows, form)


def _print(rows: list[dict[str, Any]], form: str) -> None:
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, ["person", "since", "stay"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    for row in rows:
        print(msgspec.json.encode(row).decode() if form == "jsonl" else f"{row['person']}  since {row['since']}")


@audience.command("explain")
def explain(name: str, person: str) -> None:
    """Say why a person is in an audience, or is not, condition by condition."""
    with opened() as (stores, analysis):
        found = analysis.audience(name)[0]
        reason = analysis.explain(found, stores.graph.current(person) or person, now())
    verdict = "is in" if reason.holds else "is not in"
    Console().print(_tree(reason, Tree(f"{escape(person)} {verdict} {escape(name)}")))


def _tree(reason: Reason, tree: Tree) -> Tree:
    found = f" ({escape(reason.found)})" if reason.found else ""
    branch = tree.add(f"{'yes' if reason.holds else 'no '}  {escape(reason.sentence)}{found}")
    for part in reason.parts:
        _tree(part, branch)
    return tree


@audience.command("refresh")
def refresh(name: str = typer.Argument("", help="One audience; default: all.")) -> None:
    """Compute audiences anew; who entered and who left is told to the log."""
    with opened() as (_, analysis):
        at = now()
        for done in [analysis.refresh(name, at)] if name else analysis.refresh_all(at):
            print(f"{done.audience}: {done.size:,} people, {done.entered:,} entered, {done.left:,} left.")
