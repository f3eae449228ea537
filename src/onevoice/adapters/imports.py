"""Takes files in: rows become events in the intake, what is wrong goes to a reject file, and a crash costs nothing."""

import csv
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from onevoice.adapters.cells import Unfit
from onevoice.adapters.database import Database
from onevoice.adapters.state.intake import EMITTED, Acknowledged, Intake
from onevoice.adapters.stencil import Stencil
from onevoice.adapters.tables import CHUNK, Line, UnreadableFile, columns, groups, is_columnar, portions, schema_of
from onevoice.collect.mapping import BadCell, Mapper, plain
from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event, Rejected
from onevoice.domain.identifier import Trust
from onevoice.domain.mapping import Mapping
from onevoice.domain.packet import Packet

#: Groups of rows that are taken in and committed together.
BATCH = 2_000

#: Bytes of JSON of one event.
LARGEST_EVENT = 1 << 20

#: Line, reason, sentence, row.
Refusal = tuple[int, str, str, dict[str, Any]]
FIELDS = (
    "fingerprint",
    "path",
    "mapping",
    "done",
    "events",
    "rejected",
    "reject_bytes",
    "state",
    "started_at",
    "moved_at",
)


class Taken(NamedTuple):
    """What one commit takes in: how many units, their events as JSON, and what was refused."""

    units: int
    events: list[bytes]
    refused: list[Refusal]


class UnfitMapping(BadInput):
    """The mapping does not fit the file; the message says which column or part."""


class Progress(msgspec.Struct, kw_only=True):
    """How far a file has been taken in; `done` counts rows, or groups of rows."""

    fingerprint: str
    path: str
    mapping: str
    done: int = 0
    events: int = 0
    rejected: int = 0
    reject_bytes: int = 0
    state: str = "running"
    started_at: int
    moved_at: int


class Importer:
    """One file under one mapping."""

    def __init__(self, database: Database, plan: Plan, mapping: Mapping, path: Path, *, now: int) -> None:
        self.database = database
        self.intake = Intake(database)
        # The plan's limits are for the tracking API's callers; an order of a wholesaler has hundreds of lines.
        self.plan = msgspec.structs.replace(plan, batch_events=BATCH * 100, event_bytes=LARGEST_EVENT)
        self.mapper = Mapper(mapping)
        self.path = path
        self.now = now
        if not path.is_file():
            raise UnreadableFile(f"{path} is a folder; --watch takes one." if path.is_dir() else f"There is no {path}.")
        self.rejects = rejects_of(path)
        self._check(mapping)
        self.progress = self._resume(fingerprint(path, mapping))

    def _check(self, mapping: Mapping) -> None:
        if not mapping.identifiers:
            raise UnfitMapping("The mapping names no identifiers: say which column names a person, and its kind.")
        found = columns(self.path, mapping)
        lacking = [column for column in self.mapper.columns if column not in found]
        if lacking and self.path.suffix.lower() not in {".jsonl", ".ndjson"}:
            raise UnfitMapping(f"{self.path} has no column {', '.join(lacking)}; it has {', '.join(found)}.")

    def _resume(self, key: str) -> Progress:
        row = self.database.one(f"SELECT {', '.join(FIELDS)} FROM imports WHERE fingerprint = ?", (key,))
        if row:
            return Progress(**dict(zip(FIELDS, row, strict=True)))
        return Progress(
            fingerprint=key,
            path=str(self.path),
            mapping=self.mapper.mapping.name,
            started_at=self.now,
            moved_at=self.now,
        )

    @property
    def finished(self) -> bool:
        """Whether this very file was taken in already."""
        return self.progress.state == "finished"

    def run(self, tell: Callable[[Progress], None] = lambda progress: None) -> Progress:
        """
        Take in what is left of the file, telling the progress after each batch.

        Events and progress commit together; the reject file is cut back to what was committed, so an interrupted
        import goes on as if nothing had happened.
        """
        if self.finished:
            return self.progress
        self._cut_rejects()
        stencil = self.stencil()
        for taken in self._by_row() if stencil is None else self._by_column(stencil):
            self._take(taken)
            tell(self.progress)
        self.progress.state = "finished"
        self._save()
        if not self.progress.rejected:
            self.rejects.unlink(missing_ok=True)
        return self.progress

    def stencil(self) -> Stencil | None:
        """Return how this file's columns become events at once, or None if it has to be read row by row."""
        mapping = self.mapper.mapping
        if not is_columnar(self.path, mapping):
            return None
        try:
            return Stencil(mapping, self.plan, schema_of(self.path, self.mapper.columns), now=self.now)
        except Unfit:
            return None

    def _by_row(self) -> Iterator[Taken]:
        source = groups(self.path, self.mapper.mapping, self.mapper.columns)
        for _ in islice(source, self.progress.done):
            pass
        while part := list(islice(source, BATCH)):
            events: list[bytes] = []
            refused: list[Refusal] = []
            for lines, answer in self._answers(part):
                self._sort(lines, answer, events, refused)
            yield Taken(len(part), events, refused)

    def _by_column(self, stencil: Stencil) -> Iterator[Taken]:
        """Press whole tables; units that do not fit go the way of the rows, and keep their place."""
        for portion in portions(self.path, self.mapper.mapping, self.mapper.columns, self.progress.done):
            pressed = stencil.press(portion.table, portion.starts) if portion.table is not None else []
            left = [portion.unit(at) for at, event in enumerate(pressed) if event is None]
            refused: list[Refusal] = [(line, "unreadable_row", str(row), {}) for line, row in portion.problems]
            mended: dict[int, list[bytes]] = {}
            for lines, answer in self._answers(left):
                self._sort(lines, answer, mended.setdefault(lines[0][0], []), refused)
            told = iter(left)
            events = [
                one for event in pressed for one in ([event] if event is not None else mended.get(next(told)[0][0], ()))
            ]
            yield Taken(len(portion.starts) + len(portion.problems), events, refused)

    @staticmethod
    def _sort(lines: list[Line], answer: Event | tuple[str, str], events: list[bytes], refused: list[Refusal]) -> None:
        if isinstance(answer, Event):
            events.append(msgspec.json.encode(answer))
        else:
            line, row = lines[0]
            refused.append((line, *answer, row if isinstance(row, dict) else {}))

    def _take(self, taken: Taken) -> None:
        self.progress.done += taken.units
        self.progress.events += len(taken.events)
        self.progress.rejected += len(taken.refused)
        self._write_rejects(taken.refused)
        with self.database.transaction():
            if taken.events:
                self.intake.append(
                    [self._row(taken.events[at : at + EMITTED]) for at in range(0, len(taken.events), EMITTED)]
                )
            self._save()

    def _row(self, events: Sequence[bytes]) -> Acknowledged:
        source = f"import:{self.mapper.mapping.name}"
        return (self.now, source, int(Trust.VERIFIED), "emit", b"{}", b"[" + b",".join(events) + b"]")

    def _answers(self, part: Sequence[list[Line]]) -> Iterator[tuple[list[Line], Event | tuple[str, str]]]:
        """Yield, for each group of rows, its events, or a reason and a sentence; the whole batch is read at once."""
        items: list[dict[str, Any]] = []
        owners: list[list[Line]] = []
        for lines in part:
            made = self._wire(lines)
            if isinstance(made, tuple):
                yield lines, made
            else:
                items.extend(made)
                owners.extend([lines] * len(made))
        for lines, answer in zip(owners, read(self._packet(items), self.plan), strict=True) if items else ():
            yield lines, (answer.reason, f"{answer.path} {answer.detail}") if isinstance(answer, Rejected) else answer

    def _wire(self, lines: Sequence[Line]) -> list[dict[str, Any]] | tuple[str, str]:
        unreadable = [row for _, row in lines if isinstance(row, str)]
        rows = [row for _, row in lines if isinstance(row, dict)]
        if unreadable:
            return "unreadable_row", unreadable[0]
        if self.mapper.skips(rows[0]):
            return []
        try:
            return self.mapper.wire(rows)
        except BadCell as error:
            return "bad_cell", str(error)

    def _packet(self, items: Sequence[dict[str, Any]]) -> Packet:
        return Packet(
            seq=0,
            received_at=self.now,
            key=f"import:{self.mapper.mapping.name}",
            trust=Trust.VERIFIED,
            path="import",
            body=msgspec.json.encode({"batch": items}),
        )

    def _cut_rejects(self) -> None:
        size = self.progress.reject_bytes
        if not size:
            self.rejects.unlink(missing_ok=True)
        elif self.rejects.exists():
            with self.rejects.open("r+b") as file:
                file.truncate(size)

    def _write_rejects(self, refused: Sequence[Refusal]) -> None:
        if not refused:
            return
        names = self.mapper.columns
        with self.rejects.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(["line", "reason", "detail", *names])
            writer.writerows(
                [line, reason, why, *[plain(row.get(name)) for name in names]] for line, reason, why, row in refused
            )
            file.flush()
            self.progress.reject_bytes = file.tell()

    def _save(self) -> None:
        changes = ", ".join(f"{name} = excluded.{name}" for name in FIELDS[3:])
        self.database.insert(
            "imports",
            FIELDS,
            [msgspec.structs.astuple(self.progress)],
            f"ON CONFLICT (fingerprint) DO UPDATE SET {changes}",
        )


def rejects_of(path: Path) -> Path:
    """Return where a file's rejects go: beside it, or into the current folder where its own cannot be written."""
    name = f"{path.stem}.rejected.csv"
    return path.with_name(name) if os.access(path.parent, os.W_OK) else Path(name)


def fingerprint(path: Path, mapping: Mapping) -> str:
    """Return what names this very file under this very mapping."""
    digest = hashlib.blake2b(msgspec.json.encode(mapping, order="sorted"), digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
