"""Commands about people: list and search them, show one, export everything about one, erase one."""

import contextlib
import getpass
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from onevoice.adapters.database import Database
from onevoice.adapters.dossier import Dossiers
from onevoice.adapters.erasure import Erasures
from onevoice.adapters.state.people import key
from onevoice.adapters.state.profiles import PersonNotFound, Profiles
from onevoice.adapters.state.search import Search, spellings
from onevoice.cli.workspace import current
from onevoice.domain.erasure import Receipt
from onevoice.domain.errors import BadInput
from onevoice.domain.moment import DAY, HOUR, to_iso
from onevoice.domain.profile import Profile, Summary
from onevoice.profile import plain
from onevoice.profile.sentence import money
from onevoice.profile.timeline import page
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now
from onevoice.worker.rebuild import Rebuild

PAGE = 500
erasures = typer.Typer(
    no_args_is_help=True, help="Erasures asked for: list them, take one back, carry out what is due."
)


class BadSpan(BadInput):
    """A span is a number and a unit: 30d or 12h."""


class NotConfirmed(BadInput):
    """Nothing was erased: erasing cannot be undone, so it must be confirmed (or give --yes)."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("people")(people)
    app.command("person")(person)
    app.command("export-person")(export_person)
    app.command("erase")(erase)
    app.add_typer(erasures, name="erasures")


def people(
    search: str = typer.Argument("", help="A name, or any identifier; nothing lists everybody."),
    format_: str = typer.Option("table", "--format", help="table, or jsonl: everything about a person a line."),
    limit: int = typer.Option(0, help="People at most; 0: 50 in a table, all in jsonl."),
    channel: str = typer.Option("", help="Only those met in this channel."),
    tag: str = typer.Option("", help="Only those with this tag."),
    known: bool = typer.Option(False, "--known", help="Only those known by more than claims."),
) -> None:
    """List people, the last seen first, or search for them."""
    if format_ not in {"table", "jsonl"}:
        raise BadInput("The format is table or jsonl.")
    settings = current()
    stores = Stores.open(settings)
    most = limit or (50 if format_ == "table" else 0)
    table: list[Summary] = []
    for part in _pages(stores, settings, search, most, {"channel": channel, "tag": tag, "known": known}):
        if format_ == "jsonl":
            profiles = {one.person: one for one in stores.profiles.profiles([one.person for one in part])}
            for one in part:
                _print_json(plain.person(profiles[one.person])) if one.person in profiles else None
        else:
            table += part
    if format_ == "table":
        _print_table(table, stores.profiles.people.count())


def _pages(
    stores: Stores, settings: Settings, search: str, most: int, narrowed: dict[str, Any]
) -> Iterator[list[Summary]]:
    """Yield the lines page by page, *most* of them at most (0: all)."""
    if search:
        yield [hit.summary for hit in Search(stores.state, settings.country).find(search, most or 50)]
        return
    before, left = None, most or sys.maxsize
    while left and (part := stores.profiles.people.page(before, min(PAGE, left), **narrowed)):
        yield part
        before, left = key(part[-1]), left - len(part)


def _print_json(value: Any) -> None:
    print(msgspec.json.encode(value, enc_hook=str).decode())


def _print_table(rows: list[Summary], of: int) -> None:
    table = Table("Name", "E-mail", "Phone", "City", "Channels", "Orders", "Revenue", "Last seen", "Id")
    for one in rows:
        spent = money(one.revenue, one.currency) if one.currency else ""
        seen = to_iso(one.last_at)[:10] if one.last_at else ""
        table.add_row(
            one.name, one.email, one.phone, one.city, " ".join(one.channels), str(one.orders), spent, seen, one.person
        )
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    console.print(f"{len(rows)} of {of} people.")


def _found(profiles: Profiles, who: str, settings: Settings) -> Profile:
    """Return the person of an id or of `kind:value`, however the value is spelled."""
    kind, colon, value = who.partition(":")
    if not colon:
        return profiles.profile(who)
    for one in spellings(value, settings.country):
        with contextlib.suppress(PersonNotFound):
            return profiles.lookup(kind, one)
    raise PersonNotFound(f"There is nobody with the {kind} {value}.", kind=kind)


def person(
    who: str = typer.Argument(help="A person's id, or kind:value, such as email:ann@example.com."),
    format_: str = typer.Option("text", "--format", help="text or json."),
    events: int = typer.Option(10, help="Newest events to show."),
) -> None:
    """Show one person: identifiers, traits with their source, figures, consent, and what happened last."""
    settings = current()
    stores = Stores.open(settings)
    profile = _found(stores.profiles, who, settings)
    if format_ == "json":
        _print_json(plain.person(profile))
        return
    console = Console(highlight=False, markup=False)
    for title, lines in _paragraphs(profile):
        console.print(title)
        for line in lines:
            console.print(f"  {line}")
    rows = stores.log.of_nodes([one.node for one in profile.identifiers], None, events + 1)
    console.print("Timeline")
    for entry in page(((row.seq, row.event) for row in rows), events).entries:
        console.print(f"  {to_iso(entry.at)[:16]}  {entry.channel:<10} {entry.sentence}")


def _paragraphs(profile: Profile) -> list[tuple[str, list[str]]]:
    facts = plain.facets(profile)
    spent = ", ".join(money(micros, currency) for currency, micros in profile.revenue.items()) or "nothing"
    return [
        (f"Person {profile.person}", [f"household {profile.household}"] if profile.household else []),
        (
            "Identifiers",
            [
                f"{one.identifier.kind} {one.identifier.value} ({one.identifier.trust.name.lower()})"
                for one in profile.identifiers
            ],
        ),
        (
            "Traits",
            [f"{name}: {one.value} ({one.source}, {to_iso(one.at)[:10]})" for name, one in profile.traits.items()],
        ),
        (
            "Figures",
            [
                f"{profile.events} events, first seen {_day(facts['first_at'])}, last {_day(facts['last_at'])}",
                f"{profile.orders} orders, {spent}",
                *(f"{name}: {one.count} events, {one.orders} orders" for name, one in profile.channels.items()),
            ],
        ),
        (
            "Consent",
            [
                f"{one.channel} {one.purpose}: {one.state} ({one.source}, {to_iso(one.at)[:10]})"
                for one in profile.consents
            ],
        ),
        ("Tags", list(profile.tags)),
    ]


def _day(moment: str) -> str:
    return moment[:10] or "never"


def export_person(
    who: str = typer.Argument(help="A person's id, or kind:value."),
    folder: Path = typer.Option(Path("export"), "--to", help="The folder to write."),
) -> None:
    """Write everything about a person: a readable page, and JSON for machines."""
    settings = current()
    stores = Stores.open(settings)
    found = _found(stores.profiles, who, settings)
    count = Dossiers(stores.state).export(found.person, folder, now=now())
    print(f"{folder / 'index.html'}, person.json and events.jsonl hold all we know, with {count} events.")


def erase(
    who: str = typer.Argument(help="A person's id, or kind:value."),
    after: str = typer.Option(
        "", help="Wait so long, such as 30d; until then `onevoice erasures cancel` takes it back."
    ),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase a person from every place, and print the proof. This cannot be undone."""
    settings = current()
    stores = Stores.open(settings)
    found = _found(stores.profiles, who, settings)
    if after:
        moment = now()
        asked = _erasures(stores).ask(found.person, now=moment, due_at=moment + _span(after), actor=getpass.getuser())
        print(
            f"Erasure {asked.id} is due on {to_iso(asked.due_at)}; `onevoice erasures cancel {asked.id}` takes it back."
        )
        return
    question = f"Erase {found.person} with {found.events} events for ever? This cannot be undone."
    if not yes and not typer.confirm(question):
        raise NotConfirmed
    receipt = _erasures(stores).erase(found.person, now=now(), actor=getpass.getuser())
    _print_json(receipt)
    _settle(settings, receipt)


def _settle(settings: Settings, *receipts: Receipt) -> None:
    """Resolve the log anew where others shared identifiers with somebody who was erased."""
    if any(receipt.entangled for receipt in receipts):
        with Rebuild(settings) as made:
            for _ in made.replay():
                pass
            made.swap()
        print("Others shared identifiers with this person; they were resolved anew.", file=sys.stderr)


def _erasures(stores: Stores) -> Erasures:
    mailbox = stores.settings.mailbox
    folders = [stores.settings.root / "print", *([Path(stores.settings.home) / mailbox] if mailbox else [])]
    return Erasures(stores.state, stores.backlog, stores.lake, folders)


def _span(written: str) -> int:
    found = re.fullmatch(r"(\d{1,4})([dh])", written)
    if not found:
        raise BadSpan
    return int(found[1]) * (DAY if found[2] == "d" else HOUR)


@erasures.command("list")
def list_erasures() -> None:
    """List the erasures asked for, newest first, with their receipts."""
    for one in Erasures(*_databases()).requests():
        left = "" if one.receipt is None else f"  left: {one.receipt.left or 'nothing'}"
        print(f"{one.id:>4}  {one.state:<9}  due {to_iso(one.due_at)}  by {one.actor}  {one.person}{left}")


@erasures.command("cancel")
def cancel(number: int) -> None:
    """Take an erasure back before it is due."""
    Erasures(*_databases()).cancel(number)
    print(f"Erasure {number} is taken back; nothing was erased.")


@erasures.command("run")
def run() -> None:
    """Carry out every erasure that is due."""
    settings = current()
    found = _erasures(Stores.open(settings))
    receipts = [found.carry_out(number, now=now()) for number in found.due(now())]
    for receipt in receipts:
        _print_json(receipt)
    _settle(settings, *receipts)


def _databases() -> tuple[Database, Database]:
    stores = Stores.open(current())
    return stores.state, stores.backlog
