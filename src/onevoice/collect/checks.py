"""What a property may hold: one function a type, which returns the value (gently cast) or says what is wrong."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from onevoice.collect.clock import moment

Check = Callable[[Any], Any]

#: Amounts and counts beyond this are a mistake; it also keeps their millionths within 64 bits.
LARGEST = 10**12
DECIMAL = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
CURRENCY = re.compile(r"[A-Z]{3}")
LONGEST_LIST = 1_000  #: lines of one order


class Wrong(ValueError):
    """The value does not fit; the message completes "must …"."""


def string(value: Any) -> str:
    """Text; a number becomes text."""
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("be text")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number(value: Any) -> float:
    """A number, or text such as 12.50."""
    if type(value) is str and DECIMAL.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        raise Wrong("be a number of at most 10^12, as 12.5")
    return value


def integer(value: Any) -> int:
    """A whole number, or its text."""
    found = number(value)
    if found != int(found):
        raise Wrong("be a whole number")
    return int(found)


def boolean(value: Any) -> bool:
    """True or false, or their text."""
    if isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return bool(value == "true")
    raise Wrong("be true or false")


def day(value: Any) -> str:
    """A date as YYYY-MM-DD; a time after it is cut off."""
    try:
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise Wrong("be a date as 2026-01-31")


def instant(value: Any) -> Any:
    """A moment as ISO 8601 text or Unix number; kept as written."""
    if moment(value) is None:
        raise Wrong("be a moment as 2026-01-31T12:00:00Z")
    return value


def currency(value: Any) -> str:
    """An ISO 4217 code, in capitals."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if not CURRENCY.fullmatch(code):
        raise Wrong("be a currency code of three letters, as EUR")
    return code


def listed(value: Any) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise Wrong("be a list")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise Wrong("be an object")
    return value


#: What a line of an order may hold, besides anything else.
LINE: dict[str, Check] = {"price": number, "quantity": number, "total": number, "discount": number}
LINE |= {"position": integer, "product_id": string, "sku": string, "coupon": string}
OLD_LINE = {"id": "product_id", "productId": "product_id"}


def products(value: Any) -> list[dict[str, Any]]:
    """A list of products, each an object with numeric price and quantity."""
    lines = listed(value)
    if len(lines) > LONGEST_LIST:
        raise Wrong(f"hold at most {LONGEST_LIST} products")
    for at, line in enumerate(lines):
        if type(line) is not dict:
            raise Wrong(f"hold objects only; item {at} is none")
        _line(at, line)
    return lines


def is_plain(check: Check, value: Any) -> bool:
    """Tell quickly that a value is as its type wants it; False only means that the check must look closer."""
    kind = type(value)
    if kind is str:
        return check is string
    return check is number and (kind is float or kind is int) and -LARGEST <= value <= LARGEST


def _line(at: int, line: dict[str, Any]) -> None:
    for old, new in OLD_LINE.items():
        if old in line and new not in line:
            line[new] = line.pop(old)
    for name, check in LINE.items():
        value = line.get(name)
        if value is None or is_plain(check, value):
            continue
        try:
            line[name] = check(value)
        except Wrong as error:
            raise Wrong(f"hold products whose {name} is right; that of item {at} must {error}") from error


CHECKS: dict[str, Check] = {
    "string": string,
    "number": number,
    "integer": integer,
    "boolean": boolean,
    "date": day,
    "moment": instant,
    "currency": currency,
    "array": listed,
    "object": mapping,
    "products": products,
}
