"""Commands about events that were refused: see why, mend, replay, discard."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.rejects import Reject, State
from onevoice.cli.workspace import current
from onevoice.domain.errors import BadInput, NotFound
from onevoice.domain.moment import to_iso
from onevoice.wiring.workspace import open_intake, open_state

app_rejected = typer.Typer(no_args_is_help=True, help="Events that were refused: see why, mend, replay, discard.")

PAGE = 500


class RejectNotFound(NotFound):
    """There is no rejected event of that number; `onevoice rejected list --each` shows them."""


class NothingChosen(BadInput):
    """Say which: numbers, or --cause with a fingerprint of `onevoice rejected list`."""


class BadMend(BadInput):
    """The change cannot be made; give --set path=JSON, such as properties.total=12.5, or --file."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(app_rejected, name="rejected")


def _log() -> Log:
    return Log(open_state(current()))


def _found(log: Log, reject_id: int) -> Reject:
    row = log.reject_of(reject_id)
    if row is None:
        raise RejectNotFound(id=reject_id)
    return row


@app_rejected.command("list")
def list_rejected(
    state: str = typer.Option("open", help="open, fixed, replayed or discarded."),
    each: bool = typer.Option(False, "--each", help="One line for each event instead of each cause."),
    limit: int = typer.Option(50, help="Lines at most."),
) -> None:
    """List what was refused, by cause."""
    log, wanted = _log(), _state(state)
    if each:
        _print_each(log.rejected(wanted, limit=limit))
        return
    table = Table("cause", "events", "last", "reason", "event", "where", "what to do", box=None, pad_edge=False)
    for group in log.groups(wanted, limit):
        row = (group.fingerprint, str(group.count), to_iso(group.last_at), group.reason, group.name, group.path)
        table.add_row(*row, group.detail)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _print_each(rows: list[Reject]) -> None:
    for row in rows:
        what = row.what
        print(f"{row.id}  {to_iso(what.received_at)}  {what.reason}  {what.name}  {what.path}  {what.detail}")


@app_rejected.command("show")
def show(reject_id: int) -> None:
    """Show one rejected event with its reason and bytes."""
    row = _found(_log(), reject_id)
    what = row.what
    for name, value in (
        ("number", row.id),
        ("state", row.state),
        ("cause", row.fingerprint),
        ("reason", what.reason),
        ("what to do", what.detail),
        ("where", what.path),
        ("event", what.name),
        ("source", what.source),
        ("library", what.library),
        ("received", to_iso(what.received_at)),
    ):
        print(f"{name:<11} {value}")
    print()
    print(_pretty(what.raw) if what.raw else "(The bytes were forgotten after `rejected_days`.)")


def _pretty(raw: bytes) -> str:
    """Return JSON indented; what is none is shown with its odd bytes escaped."""
    try:
        return msgspec.json.format(raw, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "backslashreplace")


@app_rejected.command("mend")
def mend(
    reject_id: int,
    changes: list[str] = typer.Option([], "--set", help="path=JSON, such as properties.total=12.5; may be repeated."),
    file: Path | None = typer.Option(None, help="A file with the whole corrected body; - reads standard input."),
) -> None:
    """Correct one rejected event and send it through the door again, with its original time of receipt."""
    settings = current()
    log = Log(open_state(settings))
    row = _found(log, reject_id)
    body = _changed(row.what.raw, changes) if file is None else _given(file)
    sent = log.replay([reject_id], Intake(open_intake(settings)), {reject_id: body})
    print("Mended and replayed." if sent else "It was replayed before; nothing was done.")


def _given(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadMend(f"{file} cannot be read: {error.strerror}.") from error


def _changed(raw: bytes, changes: list[str]) -> bytes:
    try:
        body = msgspec.json.decode(raw)
        for change in changes:
            path, found, value = change.partition("=")
            if not found:
                raise BadMend
            _put(body, path.split("."), msgspec.json.decode(value))
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise BadMend from error
    if not changes:
        raise BadMend
    return msgspec.json.encode(body)


def _put(body: Any, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        body = body[int(step)] if isinstance(body, list) else body.setdefault(step, {})
    if isinstance(body, list):
        body[int(path[-1])] = value
    else:
        body[path[-1]] = value


@app_rejected.command("replay")
def replay(
    ids: list[int] = typer.Argument(None),
    cause: str = typer.Option("", help="Every open one with this fingerprint."),
) -> None:
    """Send rejected events through the door again, after the rule or the plan was mended."""
    settings = current()
    log, intake = Log(open_state(settings)), Intake(open_intake(settings))
    sent = sum(log.replay(portion, intake) for portion in _chosen(log, ids, cause))
    print(f"{sent} replayed.")


@app_rejected.command("discard")
def discard(
    ids: list[int] = typer.Argument(None),
    cause: str = typer.Option("", help="Every open one with this fingerprint."),
) -> None:
    """Put rejected events aside; they stay in the store and can still be replayed."""
    log = _log()
    gone = sum(log.mend(portion, "discarded") for portion in _chosen(log, ids, cause))
    print(f"{gone} discarded.")


def _chosen(log: Log, ids: list[int] | None, cause: str) -> Iterator[list[int]]:
    """Yield the chosen numbers in portions; those of a cause are read while others leave the open state."""
    if not ids and not cause:
        raise NothingChosen
    if ids:
        yield [_found(log, one).id for one in ids]
    before = None
    while cause and (rows := log.rejected("open", before, PAGE, cause)):
        yield [row.id for row in rows]
        before = rows[-1].id


def _state(name: str) -> State:
    for known in ("open", "fixed", "replayed", "discarded"):
        if name == known:
            return known
    raise BadInput("A state is open, fixed, replayed or discarded.")
