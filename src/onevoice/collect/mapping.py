"""Rows of a file become events in the form of the wire, or are refused with the column and the reason."""

import hashlib
import math
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec

from onevoice.collect.clock import moment, zone_named
from onevoice.domain.mapping import ConsentSource, Mapping, Value, When
from onevoice.domain.moment import from_datetime, to_datetime

Row = Dict[str, Any]
Reader = Callable[[Row], Any]

#: What spreadsheets write where there is nothing.
BLANK = frozenset({"", "null", "none", "nan", "n/a", "#n/a", "\\n"})

#: What counts as yes or no for `as: boolean`.
WORDS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "x": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}


class BadCell(Exception):
    """One cell of a row cannot be read."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"column {column!r}: {why}")
        self.column = column
        self.why = why


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing."""
    if type(cell) is str:
        return cell.strip().lower() in BLANK
    return cell is None or cell != cell


class Mapper:
    """A mapping made ready: `wire` turns rows into one event of the tracking API and its consent events."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.zone: tzinfo = zone_named(mapping.time.zone) if mapping.time else zone_named("UTC")
        self.columns = columns_of(mapping)
        group = mapping.group
        self._skip = [(column, frozenset(values)) for column, values in mapping.skip.items()]
        self._properties = self._readers(mapping.properties)
        self._context = self._readers(mapping.context)
        self._traits = self._readers(mapping.traits)
        self._name = self._reader(name_of(mapping))
        self._items = [(name, self._reader(as_value(value))) for name, value in group.items.items()] if group else []
        self._sums = [(name, self._reader(value)) for name, value in group.sums.items()] if group else []

    def _readers(self, values: Dict[str, str | Value]) -> list[tuple[list[str], Reader]]:
        return [(name.split("."), self._reader(as_value(value))) for name, value in values.items()]

    def _reader(self, value: Value) -> Reader:
        """Return a function that reads one value of a row; numbers that the file types itself take a short way."""
        column, constant = value.column, value.value
        if value.times:
            return self._product(value)
        if not column:
            return lambda row: constant
        cast = self._cast(value)

        def read(row: Row) -> Any:
            cell = row.get(column)
            return constant if is_blank(cell) else cast(cell)

        return read

    def _product(self, value: Value) -> Reader:
        """Return a function that multiplies two columns, both read as the value says; nothing if one is blank."""
        one = self._reader(msgspec.structs.replace(value, times=""))
        other = self._reader(msgspec.structs.replace(value, column=value.times, times="", as_="number"))

        def read(row: Row) -> Any:
            left, right = one(row), other(row)
            if left is None or right is None:
                return None
            # Decimal amounts again, not 0.30000000000000004.
            return round(left * right, 6)

        return read

    def _cast(self, value: Value) -> Callable[[Any], Any]:
        if value.values:
            return lambda cell: translated(value, plain(cell))
        match value.as_:
            case "text":
                return plain
            case "number" | "integer":
                whole = value.as_ == "integer"
                return lambda cell: (
                    cell
                    if type(cell) is int or (type(cell) is float and not whole)
                    else number(cell, self.mapping, value)
                )
            case "boolean":
                return lambda cell: boolean(cell, value.column)
            case _:
                return lambda cell: from_json(cell, value.column)

    def skips(self, row: Row) -> bool:
        """Tell whether the mapping leaves this row out."""
        return any(str(row.get(column, "")).strip() in values for column, values in self._skip)

    def wire(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """
        Return the events of one row, or of one group of rows, as the tracking API would receive them.

        Raises:
            BadCell: A cell cannot be read as the mapping says.
        """
        first = rows[0]
        event: dict[str, Any] = {"type": self.mapping.type, "messageId": self._id(rows), "timestamp": self._when(first)}
        context = nested(self._context, first)
        context["externalIds"] = self._identifiers(first)
        if self.mapping.channel:
            context.setdefault("channel", self.mapping.channel)
        traits = nested(self._traits, first)
        if self.mapping.type == "identify":
            return [{**event, "context": context, "traits": traits}, *self._consents(first, event, context)]
        if traits:
            context["traits"] = traits
        event["event"] = self._name(first) or ""
        event["properties"] = self._properties_of(rows)
        return [{**event, "context": context}, *self._consents(first, event, context)]

    def _properties_of(self, rows: Sequence[Row]) -> dict[str, Any]:
        properties = nested(self._properties, rows[0])
        if self.mapping.group is not None:
            items = self._items
            properties[self.mapping.group.into] = [
                {name: got for name, read in items if (got := read(row)) is not None} for row in rows
            ]
            for name, read in self._sums:
                # Cells are decimal amounts: an exact float sum, rounded to a millionth, is the decimal sum again.
                properties[name] = round(math.fsum(read(row) or 0 for row in rows), 6)
        return properties

    def _identifiers(self, row: Row) -> list[dict[str, str]]:
        return [
            {"type": source.kind, "id": plain(row[source.column])}
            for source in self.mapping.identifiers
            if not is_blank(row.get(source.column))
        ]

    def _consents(self, row: Row, event: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
        made = []
        for number_, source in enumerate(self.mapping.consent):
            state = consent_of(source, row.get(source.column))
            if state is None:
                continue
            properties = {"channel": source.channel, "purpose": source.purpose, "source": source.source}
            if source.text_version:
                properties["text_version"] = source.text_version
            made.append(
                {
                    "type": "track",
                    "event": f"Consent {state}",
                    "messageId": f"{event['messageId']}:{number_}",
                    "timestamp": event["timestamp"],
                    "properties": properties,
                    "context": context,
                }
            )
        return made

    def _when(self, row: Row) -> str | None:
        when = self.mapping.time
        if when is None:
            return None
        clock = row.get(when.clock) if when.clock else None
        return to_datetime(moment_of(when, row.get(when.column), clock, self.zone)).isoformat()

    def _id(self, rows: Sequence[Row]) -> str:
        if self.mapping.key:
            parts: list[Any] = [plain(rows[0].get(column)) for column in self.mapping.key]
        else:
            parts = [plain(row.get(column)) for row in rows for column in self.columns]
        text = msgspec.json.encode([self.mapping.name, self.mapping.type, *parts])
        return hashlib.blake2b(text, digest_size=16, usedforsecurity=False).hexdigest()


def nested(readers: Sequence[tuple[list[str], Reader]], row: Row) -> dict[str, Any]:
    """Read values into an object; a dotted name makes objects inside."""
    found: dict[str, Any] = {}
    for path, read in readers:
        got = read(row)
        if got is None:
            continue
        inner = found
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = got
    return found


def name_of(mapping: Mapping) -> Value:
    """Return where the event's name comes from; unlike other values, a bare text is the name itself."""
    return Value(value=mapping.event) if isinstance(mapping.event, str) else mapping.event


def as_value(value: str | Value) -> Value:
    """Return the long form of a value: a bare text is a column."""
    return Value(column=value) if isinstance(value, str) else value


def columns_of(mapping: Mapping) -> tuple[str, ...]:
    """Return the columns that a mapping reads, sorted."""
    values = [*mapping.traits.values(), *mapping.properties.values(), *mapping.context.values(), name_of(mapping)]
    if mapping.group:
        values += [*mapping.group.items.values(), *mapping.group.sums.values()]
    names = {name for value in values for name in (as_value(value).column, as_value(value).times)}
    names |= {source.column for source in mapping.identifiers} | {source.column for source in mapping.consent}
    names |= set(mapping.key) | set(mapping.skip)
    if mapping.time:
        names |= {mapping.time.column, mapping.time.clock}
    if mapping.group:
        names |= set(mapping.group.by)
    return tuple(sorted(names - {""}))


def plain(cell: Any) -> str:
    """Return a cell as text: whole floats without their `.0`, as spreadsheets store ids."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip() if cell is not None else ""


def translated(value: Value, text: str) -> Any:
    """Return what a word of the file means."""
    if text not in value.values:
        raise BadCell(value.column, f"{text[:40]!r} is none of {', '.join(sorted(value.values)[:8])}")
    return value.values[text]


def number(cell: Any, mapping: Mapping, value: Value) -> float | int:
    """Return a number written in the file's own style; what is not wholly a number is refused."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        read: float | int = cell
    else:
        text = plain(cell).replace("\u00a0", " ").replace("\u202f", " ").replace("−", "-")
        text = text.replace(mapping.thousands, "") if mapping.thousands else text
        try:
            read = float(text.replace(mapping.decimal, ".")) if text.count(mapping.decimal) <= 1 else float("nan")
        except ValueError:
            read = float("nan")
        stray = {",", "."} - {mapping.decimal}
        if read != read or abs(read) == float("inf") or any(mark in text for mark in stray):
            raise BadCell(value.column, f"{plain(cell)[:40]!r} is no number with the decimal mark {mapping.decimal!r}")
    if value.as_ == "integer":
        if read != int(read):
            raise BadCell(value.column, f"{plain(cell)[:40]!r} is no whole number")
        return int(read)
    return int(read) if isinstance(read, float) and read.is_integer() and abs(read) < 2**53 else read


def boolean(cell: Any, column: str) -> bool:
    """Return yes or no."""
    if isinstance(cell, bool):
        return cell
    word = plain(cell).lower()
    if word not in WORDS:
        raise BadCell(column, f"{word[:40]!r} is neither yes nor no")
    return WORDS[word]


def from_json(cell: Any, column: str) -> Any:
    """Return what a cell of JSON holds."""
    if not isinstance(cell, str):
        return cell
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError as error:
        raise BadCell(column, f"no JSON: {error}") from error


def consent_of(source: ConsentSource, cell: object) -> str | None:
    """Return Granted, Withdrawn, or None where the file says nothing."""
    if is_blank(cell):
        return None
    word = plain(cell).lower()
    if word in {answer.lower() for answer in source.granted}:
        return "Granted"
    if word in {answer.lower() for answer in source.withdrawn}:
        return "Withdrawn"
    raise BadCell(source.column, f"{word[:40]!r} is neither listed as granted nor as withdrawn")


def moment_of(when: When, cell: Any, clock: Any, zone: tzinfo) -> int:
    """
    Return the moment of a row.

    Raises:
        BadCell: It is empty, unreadable, or reads differently under two of the mapping's formats.
    """
    if is_blank(cell):
        raise BadCell(when.column, "no date")
    if isinstance(cell, datetime):
        return from_datetime(cell if cell.tzinfo else cell.replace(tzinfo=zone))
    text = plain(cell) if is_blank(clock) else f"{plain(cell)} {plain(clock)}"
    if not when.formats:
        read = moment(cell if isinstance(cell, int | float) else text, zone)
        if read is None:
            raise BadCell(when.column, f"{text[:40]!r} is no date; give the mapping its formats")
        return read
    found = {read for form in when.formats if (read := parsed(text, form, zone)) is not None}
    if not found:
        raise BadCell(when.column, f"{text[:40]!r} has none of the formats {', '.join(when.formats)}")
    if len(found) > 1:
        raise BadCell(when.column, f"{text[:40]!r} reads differently under {', '.join(when.formats)}; keep one")
    return found.pop()


def parsed(text: str, form: str, zone: tzinfo) -> int | None:
    """Return the moment of a text in one strptime format, or None."""
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007 - the zone of the mapping is put in below
    except ValueError:
        return None
    return from_datetime(read if read.tzinfo else read.replace(tzinfo=zone))
