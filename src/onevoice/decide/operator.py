"""Operators are data: a key, a label for forms, an Ibis function and the words that read it back."""

from collections.abc import Callable
from typing import Any

import ibis
import msgspec

from onevoice.domain.audience import Operator, Value
from onevoice.domain.money import MICROS

#: Text that is a plain decimal number; engines disagree about everything else ("1d", "NaN", "0x10").
NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"

#: An ISO path reads JSON alike on both engines (DuckDB learns this name when it is opened).
json_text = ibis.udf.scalar.builtin(
    lambda document, path: ...,
    name="get_json_object",
    signature=((str, str), str),
)


class Operand(msgspec.Struct, frozen=True):
    """One value of a row, as text and as number; `scale` says how many of it make one unit."""

    text: Any = None
    number: Any = None
    scale: int = 1

    def scaled(self, value: Value) -> int | float:
        """Return a number of the rule in the column's own unit; whole where the column is."""
        found = float(value) if isinstance(value, str) else value
        return round(found * self.scale) if self.scale != 1 else found


def of_text(text: Any) -> Operand:
    """Return text that may be a number."""
    return Operand(text=text, number=ibis.ifelse(text.re_search(NUMBER), text, ibis.null("string")).try_cast("float64"))


def of_money(micros: Any) -> Operand:
    """Return an amount in micros, compared in currency units."""
    return Operand(number=micros, scale=MICROS)


def of_number(number: Any) -> Operand:
    """Return a number."""
    return Operand(number=number)


Test = Callable[[Operand, Any], Any]


class Row(msgspec.Struct, frozen=True):
    """One operator. Its test is null where the value is not known, unless it `denies` something."""

    key: Operator
    label: str
    test: Test
    words: str  #: after the name of what is tested


def _equal(operand: Operand, value: Any) -> Any:
    if isinstance(value, bool):
        return operand.text == str(value).lower()
    if isinstance(value, int | float):
        return operand.number == operand.scaled(value)
    return operand.text == value


def _one_of(operand: Operand, values: Any) -> Any:
    return ibis.or_(*(_equal(operand, value) for value in values))


def _deny(test: Test) -> Test:
    return lambda operand, value: ~test(operand, value).fill_null(False)


def _known(operand: Operand) -> Any:
    return (operand.number if operand.text is None else operand.text).notnull()


def _between(operand: Operand, value: Any) -> Any:
    return operand.number.between(operand.scaled(value[0]), operand.scaled(value[1]))


def _contains(operand: Operand, value: Any) -> Any:
    return operand.text.contains(value)


ROWS = (
    Row("eq", "is", _equal, "is {value}"),
    Row("ne", "is not", _deny(_equal), "is not {value}"),
    Row("in", "is one of", _one_of, "is one of {value}"),
    Row("not_in", "is none of", _deny(_one_of), "is none of {value}"),
    Row("contains", "contains", _contains, "contains {value}"),
    Row("not_contains", "does not contain", _deny(_contains), "does not contain {value}"),
    Row("starts_with", "starts with", lambda operand, value: operand.text.startswith(value), "starts with {value}"),
    Row("gt", "is more than", lambda o, value: o.number > o.scaled(value), "is more than {value}"),
    Row("at_least", "is at least", lambda o, value: o.number >= o.scaled(value), "is at least {value}"),
    Row("lt", "is less than", lambda o, value: o.number < o.scaled(value), "is less than {value}"),
    Row("at_most", "is at most", lambda o, value: o.number <= o.scaled(value), "is at most {value}"),
    Row("between", "is between", _between, "is between {value}"),
    Row("exists", "is known", lambda operand, value: _known(operand), "is known"),
    Row("missing", "is not known", lambda operand, value: ~_known(operand), "is not known"),
)

OPERATORS: dict[str, Row] = {row.key: row for row in ROWS}

#: The comparisons of counts and sums, evaluated here to learn whether nothing at all would satisfy them.
_OF_ZERO: dict[str, Callable[[Any], bool]] = {
    "eq": lambda value: value == 0,
    "ne": lambda value: value != 0,
    "gt": lambda value: value < 0,
    "at_least": lambda value: value <= 0,
    "lt": lambda value: value > 0,
    "at_most": lambda value: value >= 0,
    "between": lambda value: value[0] <= 0 <= value[1],
}


def holds_for_nothing(op: str, value: Any) -> bool:
    """Tell whether a count or sum of zero satisfies a comparison."""
    return _OF_ZERO[op](value)


def compare(op: str, operand: Operand, value: Any) -> Any:
    """Return the test of one operator; null where what it tests is not known."""
    return OPERATORS[op].test(operand, value)


def measured(op: str, operand: Operand, value: Any) -> Any:
    """Return the test of a count or sum in which no row at all means zero."""
    # A denial makes something of nothing, so it must not meet a null either.
    if holds_for_nothing(op, value) or op == "ne":
        operand = msgspec.structs.replace(operand, number=operand.number.fill_null(0))
    return compare(op, operand, value)
