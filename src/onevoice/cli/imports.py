"""Commands that take files in: import, and watching a folder."""

import contextlib
import csv
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from onevoice.adapters.database import Database
from onevoice.adapters.imports import Importer
from onevoice.adapters.tables import columns, lines, size
from onevoice.cli.supervisor import command
from onevoice.cli.workspace import current
from onevoice.collect.mapping import columns_of
from onevoice.collect.plan import Plan
from onevoice.collect.suggestion import suggest
from onevoice.domain.errors import BadInput
from onevoice.domain.mapping import Mapping
from onevoice.wiring.plan import PlanKeeper
from onevoice.wiring.workspace import now, open_intake, open_state, secret_of

SUFFIXES = {".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm"}

#: Seconds a watched file must rest unchanged before it is taken in, so that no half-copied file is read.
REST = 2.0

#: Bytes of files from which on resolving starts while they are still read.
LARGE = 4 << 20


class BadMapping(BadInput):
    """The mapping cannot be read; the message says where."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command(name="import")(import_files)


def import_files(
    files: list[Path] = typer.Argument(help="Files, or with --watch one folder."),
    mapping: Path | None = typer.Option(None, help="The mapping document; --suggest drafts one."),
    suggest_: bool = typer.Option(False, "--suggest", help="Draft a mapping from the first file and print it."),
    watch: bool = typer.Option(False, help="Take in every file that comes to rest in the folder, until stopped."),
    resolve: bool = typer.Option(True, help="Also resolve what was taken in, unless a worker runs already."),
) -> None:
    """Take files in: CSV, JSON Lines, Parquet or Excel become events; a second time changes nothing."""
    if suggest_:
        print(draft_of(files[0]))
        return
    if mapping is None:
        raise BadInput("Name a mapping with --mapping; `onevoice import FILE --suggest` drafts one.")
    settings = current()
    plan = PlanKeeper(settings, open_state(settings), secret_of(settings)).plan()
    database, read = open_intake(settings), mapping_of(mapping)
    if watch:
        watch_folder(files[0], read, database, plan)
        return
    with resolver(files) if resolve else contextlib.nullcontext():
        for path in files:
            take(path, read, database, plan)
    if resolve:
        subprocess.run([sys.executable, "-m", "onevoice.worker", "--drain"], check=True)


@contextlib.contextmanager
def resolver(files: list[Path]) -> Iterator[None]:
    """Resolve in a process of its own while files are read, if they are large enough for that to pay."""
    if sum(path.stat().st_size for path in files if path.is_file()) < LARGE:
        yield
        return
    child = subprocess.Popen(command("worker", "--part", "resolve"), stderr=subprocess.DEVNULL)  # noqa: S603  # our own
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def mapping_of(path: Path) -> Mapping:
    """
    Read a mapping document.

    Raises:
        BadMapping: It is not there, no YAML, or a field is wrong.
    """
    if not path.is_file():
        raise BadMapping(f"There is no mapping {path}; `onevoice import FILE --suggest > {path}` drafts one.")
    try:
        read = msgspec.yaml.decode(path.read_bytes(), type=Mapping)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError, yaml.YAMLError) as error:
        raise BadMapping(f"{path}: {error}.") from error
    return read if read.name else msgspec.structs.replace(read, name=path.stem)


def drafted(path: Path) -> Mapping:
    """Return a draft mapping of a file, from its first thousand rows."""
    bare = Mapping(identifiers=())
    samples = [row for _, row in islice(lines(path, bare), 1_000) if isinstance(row, dict)]
    return suggest(path.stem, columns(path, bare), samples)


def draft_of(path: Path) -> str:
    """Return a draft as a document to read over, with what it leaves to people said in comments."""
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    draft = drafted(path)
    told = ["# A draft: read it over, mend it, then `onevoice import FILE --mapping THIS`."]
    if not draft.identifiers:
        told.append("# No column seems to name a person; an event needs one: `- {column: …, kind: user_id}`.")
    used = columns_of(draft)
    if left := [column for column in columns(path, draft) if column not in used]:
        told.append(f"# Left out, for traits or properties: {', '.join(left)}.")
    empty = "" if draft.identifiers else "identifiers: []\n"
    return "\n".join([*told, as_yaml(draft) + empty]).rstrip()


def as_yaml(mapping: Mapping) -> str:
    """Return a mapping as the document people edit, without what is at its default."""
    default = msgspec.to_builtins(Mapping(identifiers=()))
    fields = {name: value for name, value in msgspec.to_builtins(mapping).items() if value != default.get(name)}
    return yaml.safe_dump(without_defaults(fields), sort_keys=False, allow_unicode=True)


def without_defaults(value: object) -> object:
    """Return nested documents without empty fields; a value that is only a column becomes its short form."""
    if isinstance(value, dict):
        kept = {name: without_defaults(inner) for name, inner in value.items() if inner not in ("", None, {}, [], ())}
        return kept["column"] if set(kept) == {"column", "as"} and kept["as"] == "text" else kept
    return [without_defaults(inner) for inner in value] if isinstance(value, list | tuple) else value


def take(path: Path, mapping: Mapping, database: Database, plan: Plan) -> None:
    """Take one file in, with a progress bar on a terminal, and say what came of it."""
    importer = Importer(database, plan, mapping, path, now=now())
    if importer.finished:
        print(f"{path}: taken in before, nothing to do.")
        return
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(path.name, total=size(path, mapping), completed=importer.progress.done)
        done = importer.run(lambda progress: bar.update(task, completed=progress.done))
    print(f"{path}: {done.events:,} events from {done.done:,} rows or groups, {done.rejected:,} rejected.")
    if done.rejected:
        told = ", ".join(f"{count:,} {reason}" for reason, count in reasons(importer.rejects).most_common())
        print(f"  Why: {told}.\n  Each with its line and a sentence: {importer.rejects}")


def reasons(path: Path) -> Counter[str]:
    """Count the reasons in a reject file."""
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(row["reason"] for row in csv.DictReader(file))


def at_rest(folder: Path, seen: dict[Path, tuple[int, float]]) -> Iterator[Path]:
    """Yield files whose size and time have not changed since the last look; *seen* remembers them."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.endswith(".rejected.csv"):
            continue
        state = (path.stat().st_size, path.stat().st_mtime)
        if seen.get(path) == state:
            yield path
        seen[path] = state


def watch_folder(folder: Path, mapping: Mapping, database: Database, plan: Plan) -> None:
    """Take in every file that comes to rest in a folder, each once, until interrupted."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder; --watch takes one.")
    seen: dict[Path, tuple[int, float]] = {}
    taken: set[tuple[Path, tuple[int, float]]] = set()
    print(f"Watching {folder}; stop with Ctrl-C. A running worker resolves what comes in.")
    while True:
        for path in list(at_rest(folder, seen)):
            if (path, seen[path]) not in taken:
                taken.add((path, seen[path]))
                watched(path, mapping, database, plan)
        time.sleep(REST)


def watched(path: Path, mapping: Mapping, database: Database, plan: Plan) -> None:
    """Take in one watched file; what cannot be read is reported and left, and the watch goes on."""
    try:
        take(path, mapping, database, plan)
    except BadInput as error:
        print(f"{path}: {error}", file=sys.stderr)
