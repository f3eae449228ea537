"""Files as rows: CSV, JSON Lines, Parquet and Excel, read in a stream, with the line each row stands on."""

import codecs
import contextlib
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from onevoice.collect.mapping import plain
from onevoice.domain.errors import BadInput
from onevoice.domain.mapping import Mapping

#: A row and the line it stands on (the header is line 1); a problem is a sentence instead of a row.
Line = tuple[int, dict[str, Any] | str]

CHUNK = 1 << 20
BATCH = 20_000
PORTION = 60_000  #: rows pressed at once: each statement costs some 15 ms whatever it holds

#: Columns of our own beside a file's: the line of a row, and the line of the first row of its group.
LINE_NUMBER, FIRST_LINE = "line number", "first line"

SORTING = "600MB"  #: memory for sorting; the rest goes to disk
DELIMITERS = ",;\t|"

#: Byte order marks, and the encoding that each announces.
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Portion(msgspec.Struct, frozen=True):
    """Some units: rows of a table from each start to the next, and lines that cannot be read, each a unit too."""

    table: pa.Table | None
    starts: list[int]
    problems: tuple[Line, ...] = ()

    def unit(self, at: int) -> list[Line]:
        """Return the rows of one unit."""
        if self.table is None:
            return []
        until = self.starts[at + 1] if at + 1 < len(self.starts) else len(self.table)
        rows = self.table.slice(self.starts[at], until - self.starts[at]).to_pylist()
        for row in rows:
            row.pop(FIRST_LINE, None)
        return [(row.pop(LINE_NUMBER), row) for row in rows]


class UnreadableFile(BadInput):
    """The file cannot be read; the message says where and what to do."""


def columns(path: Path, mapping: Mapping) -> list[str]:
    """
    Return the names of a file's columns.

    Raises:
        UnreadableFile: There is no header, a name stands twice, or the format is unknown.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return [str(name) for name in pq.read_schema(path).names]
        if suffix in {".jsonl", ".ndjson"}:
            sample = [row for _, row in islice(lines(path, mapping), 200) if isinstance(row, dict)]
            return list(dict.fromkeys(name for row in sample for name in row))
        if suffix in {".xlsx", ".xlsm"}:
            return checked_header([plain(cell) for cell in next(_excel_rows(path, mapping), ())], path)
        if suffix in {".csv", ".tsv", ".txt"}:
            with open_text(path, mapping) as file:
                return checked_header(next(_csv_reader(file, mapping, path), []), path)
    except (OSError, pa.ArrowInvalid, ValueError, csv.Error) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}.") from error
    raise UnreadableFile(f"{path}: give a file that ends in .csv, .tsv, .txt, .jsonl, .ndjson, .parquet or .xlsx.")


def lines(path: Path, mapping: Mapping, wanted: Sequence[str] | None = None) -> Iterator[Line]:
    """
    Yield a file's rows, only the *wanted* columns where the format allows.

    Raises:
        UnreadableFile: The file is damaged or of another encoding than said.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            yield from _parquet(path, wanted)
        elif suffix in {".jsonl", ".ndjson"}:
            yield from _json_lines(path)
        elif suffix in {".xlsx", ".xlsm"}:
            yield from _excel(path, mapping)
        else:
            yield from _csv(path, mapping)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not {error.encoding}: give the mapping its `encoding`.") from error
    except (OSError, pa.ArrowInvalid, csv.Error) as error:
        raise UnreadableFile(f"{path} cannot be read on: {error}.") from error


def groups(path: Path, mapping: Mapping, wanted: Sequence[str]) -> Iterator[list[Line]]:
    """
    Yield the rows that make one event: single rows, or all rows that share the mapping's group columns.

    Grouped files are sorted on disk first (bounded memory), in the order of each group's first line.
    """
    if mapping.group is None:
        yield from ([line] for line in lines(path, mapping, wanted))
        return
    with tempfile.TemporaryDirectory(prefix="onevoice-import-") as folder:
        spool = path if path.suffix.lower() == ".parquet" else Path(folder) / "rows.parquet"
        if spool is not path:
            yield from _spool(path, mapping, wanted, spool)
        yield from _sorted(spool, mapping.group.by, wanted, Path(folder))


def portions(path: Path, mapping: Mapping, wanted: Sequence[str], done: int = 0) -> Iterator[Portion]:
    """
    Yield the same units as `groups`, in the same order from number *done* on, as tables of columns.

    Only for what `is_columnar` says; a file of text or a sheet has text in all its columns.
    """
    if mapping.group is None:
        yield from _single(path, mapping, wanted, done)
        return
    with tempfile.TemporaryDirectory(prefix="onevoice-import-") as folder:
        spool = path if path.suffix.lower() == ".parquet" else Path(folder) / "rows.parquet"
        if spool is not path:
            for lines_ in _spool(path, mapping, wanted, spool):
                if done:
                    done -= 1
                else:
                    yield Portion(table=None, starts=[], problems=tuple(lines_))
        for portion in _whole_groups(_in_order(spool, mapping.group.by, wanted, Path(folder)), wanted):
            kept = msgspec.structs.replace(portion, starts=portion.starts[done:])
            done -= min(done, len(portion.starts))
            if kept.starts:
                yield kept


def size(path: Path, mapping: Mapping) -> int | None:
    """Return about how many units a file holds where that is cheap to know, for progress bars; None where it is not."""
    suffix = path.suffix.lower()
    if suffix == ".parquet" and mapping.group is None:
        return int(pq.read_metadata(path).num_rows)
    if suffix == ".parquet" and mapping.group is not None:
        groups_ = f"SELECT count(*) FROM (SELECT DISTINCT {_quoted(mapping.group.by)} FROM read_parquet(?))"
        row = duckdb.connect(config={"memory_limit": "1GB"}).execute(groups_, [str(path)]).fetchone()
        return int(row[0]) if row else None
    if mapping.group is None and suffix not in {".xlsx", ".xlsm"}:
        with path.open("rb") as file:
            ends = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
        return ends - (suffix not in {".jsonl", ".ndjson"})
    return None


def is_columnar(path: Path, mapping: Mapping) -> bool:
    """Tell whether a file's rows can be had as columns of one type each."""
    return path.suffix.lower() in {".parquet", ".csv", ".tsv", ".txt"} or mapping.group is not None


def schema_of(path: Path, wanted: Sequence[str]) -> pa.Schema:
    """Return the types of the columns in the tables of a file's portions."""
    found = pq.read_schema(path) if path.suffix.lower() == ".parquet" else None
    return pa.schema([(name, found.field(name).type if found else pa.string()) for name in wanted])


def _single(path: Path, mapping: Mapping, wanted: Sequence[str], done: int) -> Iterator[Portion]:
    if path.suffix.lower() == ".parquet":
        number = 2
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(PORTION, columns=list(wanted)):
                skipped = min(done, len(batch))
                done, number = done - skipped, number + skipped
                if skipped < len(batch):
                    yield _numbered(batch.slice(skipped), list(range(number, number + len(batch) - skipped)))
                number += len(batch) - skipped
        return
    source = islice(lines(path, mapping, wanted), done, None)
    while part := list(islice(source, PORTION)):
        good = [(line, row) for line, row in part if isinstance(row, dict)]
        arrays = [pa.array([row[name] for _, row in good], pa.string()) for name in wanted]
        numbered = _numbered(pa.record_batch(arrays, names=list(wanted)), [line for line, _ in good])
        yield msgspec.structs.replace(numbered, problems=tuple(line for line in part if isinstance(line[1], str)))


def _numbered(batch: pa.RecordBatch, numbers: Sequence[int]) -> Portion:
    table = pa.Table.from_batches([batch]).append_column(LINE_NUMBER, pa.array(numbers, pa.int64()))
    return Portion(table=table, starts=list(range(len(numbers))))


def _whole_groups(source: Iterable[pa.RecordBatch], wanted: Sequence[str]) -> Iterator[Portion]:
    """Cut batches so that no group is parted: what may go on waits for the next batch."""
    rest: pa.Table | None = None
    for batch in source:
        table = pa.Table.from_batches([batch])
        table = pa.concat_tables([rest, table]).combine_chunks() if rest is not None else table
        first = table.column(FIRST_LINE).to_numpy()
        starts = [0, *(np.flatnonzero(np.diff(first)) + 1).tolist()]
        rest = table.slice(starts[-1])
        if len(starts) > 1:
            yield Portion(table=table.slice(0, starts[-1]), starts=starts[:-1])
    if rest is not None and len(rest):
        yield Portion(table=rest, starts=[0])


def _sorted(spool: Path, by: Sequence[str], wanted: Sequence[str], folder: Path) -> Iterator[list[Line]]:
    rows = (row for batch in _in_order(spool, by, wanted, folder) for row in batch.to_pylist())
    for _, members in groupby(rows, key=lambda row: row.pop(FIRST_LINE)):
        yield [(row.pop(LINE_NUMBER), row) for row in members]


def _in_order(spool: Path, by: Sequence[str], wanted: Sequence[str], folder: Path) -> Iterator[pa.RecordBatch]:
    """Yield all rows, those of a group together, groups in the order of their first lines."""
    connection = duckdb.connect(config={"memory_limit": SORTING, "temp_directory": str(folder), "threads": "2"})
    # Spooled rows carry the line they stood on; rows of a Parquet file count from the top.
    line = "line" if spool.parent == folder else "file_row_number + 2"
    yield from connection.sql(
        f'SELECT {line} AS "{LINE_NUMBER}", min({line}) OVER (PARTITION BY {_quoted(by)}) AS "{FIRST_LINE}", '
        f"{_quoted(wanted)} FROM read_parquet(?, file_row_number = true) "
        f'ORDER BY "{FIRST_LINE}", "{LINE_NUMBER}"',
        params=[str(spool)],
    ).to_arrow_reader(PORTION)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)


def _spool(path: Path, mapping: Mapping, wanted: Sequence[str], spool: Path) -> Iterator[list[Line]]:
    """Write readable rows to *spool* as text; yield what is not readable, so that it is reported."""
    schema = pa.schema([("line", pa.int64()), *((name, pa.string()) for name in wanted)])
    source = lines(path, mapping, wanted)
    with pq.ParquetWriter(spool, schema) as writer:
        while part := list(islice(source, BATCH)):
            good = [(line, row) for line, row in part if isinstance(row, dict)]
            arrays = [pa.array([line for line, _ in good], pa.int64())]
            arrays += [pa.array([_text(row.get(name)) for _, row in good], pa.string()) for name in wanted]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            for line, row in part:
                if isinstance(row, str):
                    yield [(line, row)]


def _text(cell: Any) -> str | None:
    return None if cell is None else plain(cell)


def _parquet(path: Path, wanted: Sequence[str] | None) -> Iterator[Line]:
    number = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH, columns=list(wanted) if wanted else None):
            for row in batch.to_pylist():
                number += 1
                yield number, row


def _json_lines(path: Path) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                yield number, flat(decoder.decode(text))
            except (msgspec.DecodeError, RecursionError) as error:
                yield number, f"no JSON object: {error}"


def flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested object with dotted names, so that `customer.email` is a column."""
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            found.update(flat(inner, f"{prefix}{name}."))
        else:
            found[prefix + name] = inner
    return found


def _excel_rows(path: Path, mapping: Mapping) -> Iterator[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    with contextlib.closing(book):
        if mapping.sheet and mapping.sheet not in book.sheetnames:
            raise UnreadableFile(f"{path} has no sheet {mapping.sheet!r}; it has {', '.join(book.sheetnames)}.")
        sheet = book[mapping.sheet or book.sheetnames[0]]
        yield from sheet.iter_rows(values_only=True)


def _excel(path: Path, mapping: Mapping) -> Iterator[Line]:
    rows = _excel_rows(path, mapping)
    header = checked_header([plain(cell) for cell in next(rows, ())], path)
    for number, cells in enumerate(rows, 2):
        if any(cell is not None for cell in cells):
            yield number, dict(zip(header, cells, strict=False))


def _csv(path: Path, mapping: Mapping) -> Iterator[Line]:
    with open_text(path, mapping) as file:
        reader = _csv_reader(file, mapping, path)
        header = checked_header(next(reader, []), path)
        width = len(header)
        for cells in reader:
            if len(cells) == width:
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif cells:
                yield reader.line_num, f"the row has {len(cells)} cells, the header {width}"


def _csv_reader(file: io.TextIOBase, mapping: Mapping, path: Path) -> Any:
    start = file.read(CHUNK // 16)
    file.seek(0)
    first = start.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        file.readline()
        return csv.reader(file, delimiter=first[4], strict=True)
    delimiter = mapping.delimiter or ("\t" if path.suffix.lower() == ".tsv" else delimiter_of(first))
    return csv.reader(file, delimiter=delimiter, strict=True)


def delimiter_of(header: str) -> str:
    """Return the mark that parts the header's names: the most frequent of comma, semicolon, tab and bar."""
    bare = "".join(part for number, part in enumerate(header.split('"')) if number % 2 == 0)
    return max(DELIMITERS, key=bare.count)


def checked_header(header: list[str], path: Path) -> list[str]:
    """
    Return the column names, trimmed.

    Raises:
        UnreadableFile: There are none, or one stands twice.
    """
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if not any(names):
        raise UnreadableFile(f"{path} is empty: its first line must name the columns.")
    if twice:
        raise UnreadableFile(f"{path} names these columns twice: {', '.join(twice)}; rename one of each.")
    return names


def open_text(path: Path, mapping: Mapping) -> io.TextIOWrapper:
    """Open a text file in the mapping's encoding, or the one found out."""
    return path.open(encoding=mapping.encoding or encoding_of(path), newline="")


def encoding_of(path: Path) -> str:
    """
    Find out a text file's encoding from its bytes: a mark, UTF-8 if it is valid all through, else Windows-1252.

    Raises:
        UnreadableFile: It is none of these.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name
    if len(start) >= 16 and start[1::2].count(0) > len(start) // 8:
        return "utf-16-le"
    for name in ("utf-8", "cp1252"):
        if decodes(path, name):
            return name
    raise UnreadableFile(f"{path} is neither UTF-8 nor Windows-1252: give the mapping its `encoding`.")


def decodes(path: Path, encoding: str) -> bool:
    """Tell whether a whole file is valid in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
