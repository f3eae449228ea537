"""
A stencil: mapping and tracking plan cut into SQL, through which whole columns become the log's events at once.

What comes out is byte for byte what the row path (`collect.mapping`, then `collect.packet`) makes of the same rows;
rows about which this is not certain come back as nothing, and the row path takes them. So every rule here may be
narrower than the row path's, never wider.
"""

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from onevoice.adapters.cells import Cell, Cells, Unfit, constant, encoded, every, iso, literal, quoted
from onevoice.collect import channel, clock
from onevoice.collect.address import PLAIN, PLAIN_LENGTH
from onevoice.collect.checks import CURRENCY, LARGEST, LINE, LONGEST_LIST, OLD_LINE, number, products, string
from onevoice.collect.checks import currency as currency_check
from onevoice.collect.checks import day as day_check
from onevoice.collect.identity import EXTERNAL, NAMING, UNVOUCHED
from onevoice.collect.mapping import columns_of
from onevoice.collect.packet import CARD_DATA, NAMES
from onevoice.collect.plan import RANKS, Plan
from onevoice.collect.schema import Schema
from onevoice.collect.template import Place, Template
from onevoice.domain.identifier import Trust
from onevoice.domain.mapping import Mapping, Value

Tree = dict[str, Any]

#: Parts of the context that mean something to the reader of packets.
MEANINGFUL = frozenset(
    {"flags", "groupId", "channel", "externalIds", "integrations", "direct", "library", "device", "identity", "traits"}
)
#: Kinds of identifiers whose form takes more than SQL.
INVOLVED = frozenset({"phone", "ad_id"})
LONGEST = 500  #: bytes of an identifier; the limit of the reader counts characters
MOST = 300  #: traits or properties

#: A sum or list of a group: always there, and never asked for its text.
GATHERED = Cell(json="'0'")


class Stencil:
    """One mapping under one plan, for tables of one schema."""

    def __init__(self, mapping: Mapping, plan: Plan, schema: pa.Schema, *, now: int) -> None:
        self.mapping = mapping
        self.plan = plan
        self.now = now
        self.cells = Cells(mapping, schema)
        self.ok: list[str] = []
        self.name, self.event = self._named()
        self.context = self._tree(mapping.context)
        self.traits = self._tree(mapping.traits)
        self.properties = self._tree(mapping.properties) if mapping.type == "track" else {}
        self._check()
        self.units = self._query()
        self.items = self._item_query() if mapping.group else ""
        self._connection = duckdb.connect(config={"threads": "2", "memory_limit": "512MB"})

    def press(self, table: pa.Table, starts: Sequence[int]) -> list[bytes | None]:
        """Return the event of each unit of a table (rows from one start to the next) as JSON, or None: by the row."""
        try:
            return self._pressed(table, starts)
        except (duckdb.DataError, duckdb.OutOfMemoryException):  # a cell that DuckDB cannot compute with
            return [None] * len(starts)

    def _pressed(self, table: pa.Table, starts: Sequence[int]) -> list[bytes | None]:
        first = table.take(pa.array(starts, pa.int64())) if self.mapping.group else table
        found = self._run(self.units, first)
        ok, ids, heads, tails = (column.to_pylist() for column in found.columns)
        middles = self._gathered(table, starts) if self.mapping.group else [b""] * len(ids)
        most = self.plan.event_bytes
        made: list[bytes | None] = []
        for fits, text, head, tail, middle in zip(ok, ids, heads, tails, middles, strict=True):
            if not fits or middle is None:
                made.append(None)
                continue
            name = blake2b(text.encode(), digest_size=16, usedforsecurity=False).hexdigest()
            event = b'{"id":"%b%b%b%b' % (name.encode(), head.encode(), middle, tail.encode())
            made.append(event if len(event) <= most else None)
        return made

    def _run(self, query: str, table: pa.Table) -> pa.Table:
        self._connection.register("portion", table)
        return self._connection.sql(query).to_arrow_table()

    def _gathered(self, table: pa.Table, starts: Sequence[int]) -> Iterator[bytes | None]:
        """Yield the list and the sums of each group, or None where an item is left to the row path."""
        found = self._run(self.items, table).combine_chunks()
        fits = np.logical_and.reduceat(found.column(0).to_numpy(zero_copy_only=False), starts)
        text, offsets = buffer_of(found.column(1))
        group = self.mapping.group
        sums = list(summands(found.columns[2:], [bool(value.times) for value in group.sums.values()] if group else []))
        names = [b",%b:" % msgspec.json.encode(name) for name in group.sums] if group else []
        into = msgspec.json.encode(group.into) if group else b""
        for at, until, fit in zip(starts, [*starts[1:], len(found)], fits.tolist(), strict=True):
            if not fit or until - at > LONGEST_LIST:
                yield None
                continue
            totals = [round(math.fsum(cells[at:until]), 6) for cells in sums]
            if any(abs(total) > LARGEST for total in totals):
                yield None
                continue
            pieces = b"".join(name + repr(total).encode() for name, total in zip(names, totals, strict=True))
            yield b"%b:[%b]%b" % (into, bytes(text[offsets[at] : offsets[until] - 1]), pieces)

    def _named(self) -> tuple[str, Schema | None]:
        mapping, plan = self.mapping, self.plan
        told = NAMES[mapping.type] or (mapping.event.strip() if isinstance(mapping.event, str) else "")
        if not told or "\0" in told or len(told) > LONGEST or told in plan.mendings or told in plan.blocked:
            raise Unfit
        schema = plan.schemas.get(told)
        return (schema.name if schema else told), schema

    def _tree(self, values: dict[str, Any]) -> Tree:
        """Return values as nested names, each leaf a cell."""
        tree: Tree = {}
        for name, value in values.items():
            cell, inner, path = self.cells.value(value), tree, name.split(".")
            if cell is None:
                continue
            self.ok += cell.ok
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
                if not isinstance(inner, dict):
                    raise Unfit
            if path[-1] in inner or len(path) > 8:
                raise Unfit
            inner[path[-1]] = cell
        return tree

    def _check(self) -> None:
        """
        Refuse mappings that touch a rule of the reader which is not said here in SQL.

        Raises:
            Unfit: This is one of them.
        """
        mapping, group = self.mapping, self.mapping.group
        if mapping.consent or not MEANINGFUL.isdisjoint(self.context):
            raise Unfit
        if max(len(self.traits), len(self.properties)) > MOST - 50 or not mapping.identifiers:
            raise Unfit
        if not {*CARD_DATA, "card_alias"}.isdisjoint(self.properties):
            raise Unfit
        self._naming(self.traits, ("email", "phone", *NAMING))
        self._naming(self.properties, NAMING)
        if group is not None:
            gathered = [group.into, *group.sums]
            if len({*gathered, *self.properties}) != len(gathered) + len(self.properties):
                raise Unfit
            if mapping.type != "track" or not mapping.key:
                raise Unfit
            self.properties |= dict.fromkeys(gathered, GATHERED)
        self.ok += [f"NOT ({self._skips(column, values)})" for column, values in mapping.skip.items()]
        if self.event is not None:
            self._schema(self.event)

    def _naming(self, tree: Tree, names: Sequence[str]) -> None:
        """What names the person besides the identifiers must be the same column again."""
        kinds = {(source.kind, source.column) for source in self.mapping.identifiers}
        for name in names:
            if name in tree and not (isinstance(tree[name], Cell) and (name, tree[name].column) in kinds):
                raise Unfit

    def _skips(self, column: str, values: Sequence[str]) -> str:
        bare = self.cells.text(column)
        self.ok += bare.ok
        words = ", ".join(literal(value) for value in values) or "NULL"
        return f"trim(coalesce(CAST({quoted(column)} AS VARCHAR), 'None')) IN ({words})"

    def _schema(self, schema: Schema) -> None:
        document = schema.document
        touched = {*document.skip, *document.rename}
        if not touched.isdisjoint(self.properties):
            raise Unfit
        amounts = [self.properties[name] for name in sorted(schema.amounts.intersection(self.properties))]
        if amounts and "currency" not in self.properties:
            some = " OR ".join(f"{cell.json} IS NOT NULL" for cell in amounts)
            filled = f"CASE WHEN {some} THEN {encoded(self.plan.currency)} END"
            self.properties["currency"] = Cell(json=filled, constant=self.plan.currency, sure=False)
        elif amounts and self.properties["currency"].constant is None:
            raise Unfit
        for name, cell in self.properties.items():
            if name in schema.types:
                self._typed(schema.types[name], name, cell)
        self._demanded([(name, (Place(name),)) for name in schema.required])
        self._demanded(schema.demands)
        for when, demands in schema.variants:
            if all(self._says(place) == value for place, value in when):
                self._demanded(demands)
        for _, template, _, _ in schema.names:
            if not template.holes or any(self._at(place) for hole in template.holes for place in hole):
                raise Unfit

    def _typed(self, check: Any, name: str, cell: Any) -> None:
        """Add what makes the schema's check of a property leave it as it is."""
        group = self.mapping.group
        if cell is GATHERED:
            if group is None or check is not (products if name == group.into else number):
                raise Unfit
        elif not isinstance(cell, Cell):
            raise Unfit
        elif cell.constant is not None:
            if type(cell.constant) not in {str, int} or check not in {string, currency_check, number}:
                raise Unfit
            try:
                if check(cell.constant) != cell.constant or type(check(cell.constant)) is not type(cell.constant):
                    raise Unfit
            except ValueError as error:
                raise Unfit from error
        elif check is number and cell.number:
            self.ok.append(f"{cell.number} BETWEEN -{LARGEST} AND {LARGEST}")
        elif check is string and cell.text and not cell.number:
            pass
        elif check is day_check and cell.text and not cell.number:
            self.ok.append(f"regexp_full_match({cell.text}, '[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}')")
            self.ok.append(f"{cell.text} IS NULL OR TRY_CAST({cell.text} AS DATE) IS NOT NULL")
        elif check is currency_check and cell.text and not cell.number:
            self.ok.append(f"regexp_full_match({cell.text}, '{CURRENCY.pattern}')")
        else:
            raise Unfit

    def _demanded(self, demands: Sequence[tuple[str, tuple[Place, ...]]]) -> None:
        for _, options in demands:
            found = [cell for place in options if (cell := self._at(place)) is not None]
            if any(not isinstance(cell, Cell) for cell in found):
                raise Unfit
            self.ok.append("(" + (" OR ".join(f"{cell.json} IS NOT NULL" for cell in found) or "false") + ")")

    def _at(self, place: Place) -> Any:
        """Return the cell, or branch, at a schema's place; None if there is none."""
        if place.in_context and place.path == ("channel",):
            return constant(self._spoken())
        found: Any = self.context if place.in_context else self.properties
        for name in place.path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def _says(self, place: Place) -> Any:
        """Return what a place always says; None if it says nothing."""
        cell = self._at(place)
        if cell is not None and (not isinstance(cell, Cell) or cell.constant is None or not cell.sure):
            raise Unfit
        return cell.constant if cell else None

    def _spoken(self) -> str | None:
        """Return the channel in the context."""
        return (channel.of_word(self.mapping.channel) or self.mapping.channel) if self.mapping.channel else None

    def _query(self) -> str:
        moment = self._moment()
        where = channel.of_word(self.mapping.channel) or (self.event.channel if self.event else "") or "server"
        if where == "store" and ("till_time" in self.properties or not self.mapping.time):
            raise Unfit
        plain = {name: cell for name, cell in self.properties.items() if cell is not GATHERED}
        properties = members(plain, before="," if self.mapping.group else "")
        fixed = {"name": self.name, "type": self.mapping.type, "channel": where, "received_at": self.now}
        told = msgspec.json.encode(fixed).decode()[1:-1]
        identifiers, external = self._identifiers()
        head = [literal('",' + told), moment, literal(',"identifiers":['), identifiers, literal('],"traits":{')]
        head += [members(self.traits), literal('},"properties":{')]
        source = msgspec.json.encode(f"import:{self.mapping.name}").decode()
        spoken = f',"channel":{msgspec.json.encode(self._spoken()).decode()}' if self.mapping.channel else ""
        tail = [properties, literal('},"context":{'), members(self.context, after=","), literal('"externalIds":[')]
        tail += [external, literal(f']{spoken}}},"source":{source},"keys":['), self._keys()]
        tail += [literal('],"historical":true}')]
        key = self._id()
        made = ", ".join([every(self.ok), key, " || ".join(head), " || ".join(tail)])
        return f"SELECT {made} FROM {self.cells.table('portion')}"

    def _moment(self) -> str:
        if self.mapping.time is None:
            return literal(f',"occurred_at":{self.now},"time_quality":"received"')
        at, ok = self.cells.moment(self.mapping.time)
        self.ok += [*ok, f"{at} <= {self.now + clock.AHEAD}"]
        written = f"""',"original_at":"' || {iso(at)} || '+00:00","time_quality":"historical"'"""
        return f"""',"occurred_at":' || CAST({at} AS VARCHAR) || {written}"""

    def _identifiers(self) -> tuple[str, str]:
        """Return the identifiers, strongest first, and the external ids as the mapping names them."""
        named, told, some = [], [], []
        for source in self.mapping.identifiers:
            spelled = source.kind.strip()
            kind = EXTERNAL.get(spelled.lower(), spelled)
            base = kind.partition("@")[0]
            if base not in RANKS or base in INVOLVED or "\0" in kind or len(spelled) > 100:
                raise Unfit
            cell = self.cells.text(source.column)
            trust = int(Trust.CLAIMED if base in UNVOUCHED else Trust.VERIFIED)
            value, json = cell.text, cell.json
            if base == "email":
                value = f"lower({cell.text})"
                json = f"CAST(to_json({value}) AS VARCHAR)"
                self.ok.append(f"regexp_full_match({value}, {literal(PLAIN.pattern)})")
            limit = PLAIN_LENGTH if base == "email" else LONGEST
            self.ok += [*cell.ok, f"strlen({value}) <= {limit}"]
            some.append(f"{cell.text} IS NOT NULL")
            start = f'{{"kind":{msgspec.json.encode(kind).decode()},"value":'
            end = f',"trust":{trust}}}'
            rank = self.plan.ranks.get(kind) or self.plan.ranks.get(base, len(self.plan.ranks) + 1)
            named.append((rank, kind, f"{literal(start)} || {json} || {literal(end)}"))
            start = f'{{"type":{msgspec.json.encode(source.kind).decode()},"id":'
            told.append(f"{literal(start)} || {cell.json} || '}}'")
        if len({kind for _, kind, _ in named}) < len(named):
            raise Unfit
        self.ok.append(f"({' OR '.join(some)})")
        return listed([piece for _, _, piece in sorted(named)]), listed(told)

    def _keys(self) -> str:
        if self.event is None:
            return "''"
        filled = [text for template in self.event.keys if (text := self._filled(template))]
        return listed([f"CAST(to_json({text}) AS VARCHAR)" for text in filled]) if filled else "''"

    def _filled(self, template: Template) -> str:
        """Return a business key as SQL; "" if one of its holes is never filled."""
        made = [literal(template.pieces[0])]
        for hole, piece in zip(template.holes, template.pieces[1:], strict=True):
            cells = [cell for place in hole if (cell := self._at(place)) is not None]
            if not cells:
                return ""
            if any(not isinstance(cell, Cell) or not cell.text for cell in cells):
                raise Unfit
            value = f"coalesce({', '.join(cell.text for cell in cells)})"
            made += [f"replace(replace({value}, '%', '%25'), ':', '%3A')", literal(piece)]
        return "(" + " || ".join(made) + ")"

    def _id(self) -> str:
        """Return the text from which the message id is hashed."""
        columns = self.mapping.key or columns_of(self.mapping)
        start = msgspec.json.encode([self.mapping.name, self.mapping.type]).decode()[:-1]
        parts = []
        for column in columns:
            text, ok = self.cells.key(column)
            self.ok += ok
            parts.append(f"',' || {text}")
        return " || ".join([literal(start), *parts, "']'"])

    def _item_query(self) -> str:
        """Return the query of every line's item, with a comma after it, and of the amounts to be summed."""
        group, ok, cells = self.mapping.group, [], {}
        if group is None:
            raise Unfit
        checked = self.event is not None and group.into in self.event.types
        for name, value in group.items.items():
            cell = self.cells.value(value)
            if cell is None:
                continue
            cells[name] = cell
            ok += [*cell.ok, *(line_conditions(name, cell) if checked else ())]
        sums = []
        for value in group.sums.values():
            factors = [self.cells.value(msgspec.structs.replace(value, times=""))]
            if value.times:
                factors.append(self.cells.value(Value(column=value.times, as_="number")))
            amounts = []
            for cell in factors:
                if cell is None or not cell.number or cell.constant is not None:
                    raise Unfit
                ok += cell.ok
                amounts.append(f", CAST({cell.number} AS DOUBLE)")
            sums.append("".join(amounts))
        table = self.cells.table("portion")
        return f"SELECT {every(ok)}, '{{' || {members(cells)} || '}},' {''.join(sums)} FROM {table}"


def line_conditions(name: str, cell: Cell) -> list[str]:
    """Return when the check of products leaves a line's value as it is; Unfit if it might not."""
    if name in OLD_LINE:
        raise Unfit
    check = LINE.get(name)
    if check is None:
        return []
    if check is string and (type(cell.constant) is str or (cell.text and not cell.number and cell.constant is None)):
        return []
    if check is number and cell.number and cell.constant is None:
        return [f"{cell.number} BETWEEN -{LARGEST} AND {LARGEST}"]
    raise Unfit


def members(tree: Tree, *, before: str = "", after: str = "") -> str:
    """Return the members of a JSON object as SQL, without its braces; *before* or *after* each stands a comma."""
    pieces = []
    for name, inner in tree.items():
        label = literal(msgspec.json.encode(name).decode() + ":")
        if isinstance(inner, Cell):
            pieces.append(f"{label} || {inner.json}")
        else:
            nested = members(inner)
            pieces.append(f"CASE WHEN {nested} <> '' THEN {label} || '{{' || {nested} || '}}' END")
    if not pieces:
        return "''"
    if before or after:
        return "concat(" + ", ".join(f"{literal(before)} || {piece} || {literal(after)}" for piece in pieces) + ")"
    return f"concat_ws(',', {', '.join(pieces)})"


def listed(pieces: Sequence[str]) -> str:
    """Return the members of a JSON list as SQL, those that are NULL left out."""
    return f"concat_ws(',', {', '.join(pieces)})"


def summands(columns: Sequence[pa.ChunkedArray], products: Sequence[bool]) -> Iterator[list[float]]:
    """Yield what each sum adds up, line by line; a product of two columns is rounded as the row path rounds it."""
    cells = (column.to_numpy(zero_copy_only=False).tolist() for column in columns)
    for is_product in products:
        amounts = next(cells)
        if is_product:
            pairs = zip(amounts, next(cells), strict=True)
            # NULL comes as nan, which is nothing, as in the row path.
            yield [0.0 if a != a or b != b else round(a * b, 6) or 0.0 for a, b in pairs]
        else:
            yield [0.0 if a != a else a or 0.0 for a in amounts]


def buffer_of(column: pa.ChunkedArray) -> tuple[memoryview, list[int]]:
    """Return the bytes of a text column that has no NULL, and where each text starts and the last ends."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offsets, text = array.buffers()
    places = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1]
    return memoryview(text), places.tolist()
