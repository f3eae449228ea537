"""A mapping says how the rows of a file become events: which column is what."""

from typing import Any, Literal

import msgspec

As = Literal["text", "number", "integer", "boolean", "json"]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where one value comes from: a column, or a constant; `values` translates what the column says.

    `times` names a second column by which a number is multiplied: price by quantity makes an amount.
    """

    column: str = ""
    times: str = ""
    value: Any = None
    as_: As = msgspec.field(default="text", name="as")
    values: dict[str, Any] = {}


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that holds an identifier, and its kind (`loyalty_id@till`)."""

    column: str
    kind: str


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The column or columns of the moment, with strptime formats (none: ISO 8601 or Unix time) and a time zone."""

    column: str
    clock: str = ""  #: a second column with the time of day
    formats: tuple[str, ...] = ()
    zone: str = "UTC"


class ConsentSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that says whether someone agreed; any other answer than those listed is refused, empty says nothing."""

    column: str
    channel: str
    purpose: str = "marketing"
    granted: tuple[str, ...] = ("1", "true", "yes", "y", "x")
    withdrawn: tuple[str, ...] = ("0", "false", "no", "n")
    source: str = "import"
    text_version: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that share `by` are one event; each adds one item to the property `into`."""

    by: tuple[str, ...]
    items: dict[str, str | Value]
    into: str = "products"
    sums: dict[str, Value] = {}  #: properties that add up over the rows, such as the total


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How the rows of a file become events.

    `type` identify needs no event name. Property names may be dotted (`store.id`). `key` names the columns that make
    a row the same on a re-import; without it, rows equal in every mapped column are one.
    """

    name: str = ""
    type: Literal["track", "identify"] = "track"
    event: str | Value = ""
    channel: str = ""
    time: When | None = None
    identifiers: tuple[Source, ...]
    traits: dict[str, str | Value] = {}
    properties: dict[str, str | Value] = {}
    context: dict[str, str | Value] = {}
    consent: tuple[ConsentSource, ...] = ()
    group: Group | None = None
    key: tuple[str, ...] = ()
    skip: dict[str, tuple[str, ...]] = {}  #: column -> values whose rows are left out (training and staff sales)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    encoding: str = ""  #: empty: found out from the file
    delimiter: str = ""  #: empty: found out from the file
    sheet: str = ""  #: of an Excel file; empty: the first
