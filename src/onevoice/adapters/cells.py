"""
Cells as SQL: what `collect.mapping` reads from one cell, said as expressions that DuckDB computes by the column.

Each expression comes with conditions under which it equals what the row path reads; a row that breaks one is left to
the row path, so nothing here has to be complete, only right.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa

from onevoice.collect.mapping import BLANK, WORDS
from onevoice.domain.mapping import Mapping, Value, When

#: What `str.strip` takes away besides the space, as a pattern at either end of a text.
ODD_SPACE = "".join(f"\\x{{{code:x}}}" for code in range(33, 0x3001) if chr(code).isspace())
ODD_SPACE = f"^[\\x09-\\x0d\\x1c-\\x1f{ODD_SPACE}]|[\\x09-\\x0d\\x1c-\\x1f{ODD_SPACE}]$"

#: From here to there, moments are written alike by everybody: 1970 to 9999.
LATEST = 253_402_300_799_000_000

#: strptime directives whose text has one length, as patterns; other formats are left to the row path.
DIRECTIVES = {"%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}", "%H": r"\d{2}", "%M": r"\d{2}", "%S": r"\d{2}"}
ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.]\d{6})?)?)?"


class Unfit(Exception):
    """This mapping, or a part of it, is not for columns; the row path takes it."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One value: its JSON, its text and its number as SQL (NULL where the row has none), and when they hold."""

    json: str
    text: str = ""  #: empty: the text of such a value is not said here
    number: str = ""
    ok: tuple[str, ...] = ()
    column: str = ""
    constant: Any = None
    sure: bool = True  #: whether a constant is always there


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as an SQL name."""
    return '"' + name.replace('"', '""') + '"'


def encoded(value: object) -> str:
    """Return a constant's JSON as an SQL literal."""
    return literal(msgspec.json.encode(value).decode())


def every(conditions: Iterable[str]) -> str:
    """Return one condition: that each holds, or says nothing (NULL)."""
    return " AND ".join(f"coalesce({one}, true)" for one in dict.fromkeys(conditions)) or "true"


class Cells:
    """The columns of a table and how a mapping reads them."""

    def __init__(self, mapping: Mapping, schema: pa.Schema) -> None:
        self.mapping = mapping
        self.schema = schema
        #: Columns that are computed once and used often: name -> SQL.
        self.made: dict[str, str] = {}

    def table(self, name: str) -> str:
        """Return the columns of a table, and those made of them, as something to select from."""
        made = "".join(f", {sql} AS {quoted(alias)}" for alias, sql in self.made.items())
        return f"(SELECT *{made} FROM {name})"

    def _once(self, alias: str, sql: str) -> str:
        self.made[alias] = sql
        return quoted(alias)

    def value(self, value: str | Value) -> Cell | None:
        """
        Return what a mapping's value reads; None for a constant that is nothing.

        Raises:
            Unfit: It translates words, holds JSON, or its column is of a type that has several spellings.
        """
        asked = Value(column=value) if isinstance(value, str) else value
        if not asked.column:
            return constant(asked.value)
        if asked.values or asked.times or asked.value is not None:
            raise Unfit
        match asked.as_:
            case "text":
                return self.text(asked.column)
            case "number" | "integer":
                return self.number(asked.column, whole=asked.as_ == "integer")
            case "boolean":
                return self.boolean(asked.column)
            case _:
                raise Unfit

    def text(self, column: str) -> Cell:
        """Return a column as text; numbers with a fraction and dates have more than one spelling and do not fit."""
        bare, ok = self._bare(column)
        if self._is_text(column):
            bare = self._once(
                f"{column} said", f"CASE WHEN {self.blank(column)} THEN NULL ELSE trim({quoted(column)}) END"
            )
            return Cell(json=f"CAST(to_json({bare}) AS VARCHAR)", text=bare, ok=ok, column=column)
        return Cell(json=f"'\"' || {bare} || '\"'", text=bare, ok=ok, column=column)

    def key(self, column: str) -> tuple[str, tuple[str, ...]]:
        """Return a column as it stands in a row's key: its JSON text, which is never NULL, and when that holds."""
        kind = self.schema.field(column).type
        if pa.types.is_timestamp(kind) and kind.tz is None:
            at, ok = self._timestamp(column)
            return f"coalesce('\"' || {iso(at)} || '\"', '\"\"')", ok
        bare, ok = self._bare(column)
        # Quotes, backslashes and control characters are escaped in more than one way.
        plain = f"NOT regexp_matches({quoted(column)}, '[\\x00-\\x1f\\x7f\"\\\\]')"
        return f"'\"' || coalesce({bare}, '') || '\"'", (*ok, plain) if self._is_text(column) else ok

    def blank(self, column: str) -> str:
        """Return the condition that a column of text holds nothing."""
        words = ", ".join(literal(word) for word in sorted(BLANK))
        return f"lower(trim({quoted(column)})) IN ({words})"

    def number(self, column: str, *, whole: bool) -> Cell:
        """Return a column as a number; text must be written plainly, with the mapping's decimal mark."""
        kind, name = self.schema.field(column).type, quoted(column)
        if self._is_text(column):
            return self._written(column, whole=whole)
        if pa.types.is_integer(kind) and kind != pa.uint64():
            number = f"CAST({name} AS VARCHAR)"
            return Cell(json=number, text=number, number=name, column=column)
        if pa.types.is_floating(kind) and not whole and kind != pa.float16():
            number = f"CASE WHEN isnan({name}) THEN NULL ELSE CAST({name} AS DOUBLE) END"
            return Cell(json=f"CAST({number} AS VARCHAR)", number=number, ok=(f"NOT isinf({name})",), column=column)
        raise Unfit

    def _written(self, column: str, *, whole: bool) -> Cell:
        bare = self.text(column).text
        mark = "" if whole else f"([{self.mapping.decimal}][0-9]{{1,6}})?"
        number = self._once(f"{column} number", f"TRY_CAST(replace(trim({quoted(column)}), ',', '.') AS DOUBLE)")
        spelled = f"CAST(TRY_CAST({number} AS BIGINT) AS VARCHAR)"
        if not whole:
            spelled = f"CASE WHEN {number} = trunc({number}) THEN {spelled} ELSE CAST({number} AS VARCHAR) END"
        ok = f"regexp_full_match({bare}, '-?[0-9]{{1,9}}{mark}')"
        return Cell(json=spelled, number=number, ok=(ok,), column=column)

    def boolean(self, column: str) -> Cell:
        """Return a column as yes or no."""
        if pa.types.is_boolean(self.schema.field(column).type):
            return Cell(json=f"CAST({quoted(column)} AS VARCHAR)", column=column)
        if not self._is_text(column):
            raise Unfit
        bare = self.text(column).text
        yes, no = (
            ", ".join(literal(word) for word, says in WORDS.items() if says is wanted) for wanted in (True, False)
        )
        spelled = f"CASE WHEN lower({bare}) IN ({yes}) THEN 'true' WHEN lower({bare}) IN ({no}) THEN 'false' END"
        return Cell(json=spelled, ok=(f"{bare} IS NULL OR {spelled} IS NOT NULL",), column=column)

    def moment(self, when: When) -> tuple[str, tuple[str, ...]]:
        """
        Return the microseconds of a row's moment, and when that holds.

        Raises:
            Unfit: It has a zone that sets its clocks, a column of its own for the time of day, or an odd format.
        """
        kind = self.schema.field(when.column).type
        if when.clock or when.zone not in {"UTC", ""}:
            raise Unfit
        if pa.types.is_timestamp(kind):
            return self._timestamp(when.column)
        if not self._is_text(when.column):
            raise Unfit
        bare = self._bare(when.column)[0]
        if not when.formats:
            read, pattern = f"TRY_CAST({bare} AS TIMESTAMP)", ISO
        elif len(when.formats) == 1:
            read, pattern = f"try_strptime({bare}, {literal(when.formats[0])})", pattern_of(when.formats[0])
        else:
            raise Unfit
        at = f"epoch_us({read})"
        return at, (f"coalesce(regexp_full_match({bare}, {literal(pattern)}), false)", bounded(at))

    def _timestamp(self, column: str) -> tuple[str, tuple[str, ...]]:
        kind = self.schema.field(column).type
        if kind.unit == "ns" or kind.tz not in {None, "UTC"}:
            raise Unfit
        at = f"epoch_us({quoted(column)})"
        return at, (bounded(at),)

    def _is_text(self, column: str) -> bool:
        kind = self.schema.field(column).type
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))

    def _bare(self, column: str) -> tuple[str, tuple[str, ...]]:
        kind, name = self.schema.field(column).type, quoted(column)
        if self._is_text(column):
            bare = self._once(f"{column} bare", f"trim({name})")
            return bare, (f"NOT contains({name}, chr(0))", f"NOT regexp_matches({bare}, {literal(ODD_SPACE)})")
        if pa.types.is_integer(kind):
            return f"CAST({name} AS VARCHAR)", ()
        raise Unfit


def constant(value: Any) -> Cell | None:
    """
    Return a constant of a mapping; None for nothing.

    Raises:
        Unfit: It is a list or an object, which the row path may change.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return Cell(json=encoded(value), constant=value)
    if isinstance(value, str):
        return Cell(json=encoded(value), text=literal(value.strip()) if value.strip() else "NULL", constant=value)
    if isinstance(value, int) and abs(value) < 1 << 53:
        return Cell(json=encoded(value), text=literal(str(value)), number=str(value), constant=value)
    raise Unfit


def pattern_of(form: str) -> str:
    """
    Return the pattern of the texts that every reader of a strptime format reads alike.

    Raises:
        Unfit: It has a directive that allows several lengths or languages, or lacks a part of the date.
    """
    if not all(part in form for part in ("%Y", "%m", "%d")) or any(form.count(part) > 1 for part in DIRECTIVES):
        raise Unfit
    pattern = "".join(f"[{letter}]" if letter in "./-: T%" else letter for letter in form)
    for directive, digits in DIRECTIVES.items():
        pattern = pattern.replace(f"[%]{directive[1]}", digits)
    if "%" in pattern or not set(pattern) <= set("[]./-: T\\d{24}"):
        raise Unfit
    return pattern


def bounded(at: str) -> str:
    """Return the condition that a moment is there and within the years that everybody writes alike."""
    return f"coalesce({at} BETWEEN 0 AND {LATEST}, false)"


def iso(at: str) -> str:
    """Return microseconds as `datetime.isoformat` writes them, without an offset."""
    fraction = f"CASE WHEN {at} % 1000000 = 0 THEN '' ELSE '.' || lpad(CAST({at} % 1000000 AS VARCHAR), 6, '0') END"
    return f"strftime(make_timestamp({at}), '%Y-%m-%dT%H:%M:%S') || {fraction}"
