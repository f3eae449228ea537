"""
An audience is a rule about people, written as a document; whoever satisfies it at a moment is in it.

A rule is a tree: groups (`all`, `any`, `none`) over conditions. Every condition is two-valued: what is not known does
not satisfy it, except where it asks for exactly that (`missing`, `unknown`, `is not`, fewer than, `none`).
"""

import re
from datetime import datetime
from typing import Literal

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.moment import DAY, HOUR, MINUTE, from_datetime

Value = str | int | float | bool
Operator = Literal[
    "eq",
    "ne",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "starts_with",
    "gt",
    "at_least",
    "lt",
    "at_most",
    "between",
    "exists",
    "missing",
]
Comparison = Literal["eq", "ne", "gt", "at_least", "lt", "at_most", "between"]

#: What a span of time may be counted in.
UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}

#: A path into properties or traits: names joined by dots, without characters that mean something in a JSON path.
PATH = re.compile(r"[^.\[\]\"'*$\\\x00-\x1f]+(\.[^.\[\]\"'*$\\\x00-\x1f]+)*")

DEPTH = 24  #: groups within groups


class BadAudience(BadInput):
    """The audience cannot be used as it is written."""


def span(text: str) -> int:
    """
    Return a span such as `90d`, `12h` or `8w` in microseconds.

    Raises:
        BadAudience: It is no whole number of minutes, hours, days or weeks.
    """
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if not found:
        raise BadAudience(f"{text!r} is no span of time; write 30m, 12h, 90d or 8w.")
    return int(found[1]) * UNITS[found[2]]


def moment(text: str) -> int:
    """
    Return an ISO 8601 date or time as a moment; without a zone it is UTC.

    Raises:
        BadAudience: It is no date.
    """
    try:
        return from_datetime(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise BadAudience(f"{text!r} is no date; write 2026-05-31 or 2026-05-31T09:00+02:00.") from error


def _path(name: str) -> None:
    if not PATH.fullmatch(name):
        raise BadAudience(f"{name!r} cannot name a property or trait.")


def _operand(op: str, value: Value | list[Value] | None, what: str) -> None:
    """Refuse a value that the operator cannot use."""
    listed = isinstance(value, list)
    if op in {"in", "not_in"} and not (listed and value):
        raise BadAudience(f"{what}: {op} needs a list of values.")
    if op == "between" and not (listed and len(value) == 2 and all(_number(one) for one in value)):  # type: ignore[arg-type, union-attr]
        raise BadAudience(f"{what}: between needs two numbers.")
    if op in {"eq", "ne", "contains", "not_contains", "starts_with"} and (listed or value is None):
        raise BadAudience(f"{what}: {op} needs one value.")
    if op in {"gt", "at_least", "lt", "at_most"} and not _number(value):
        raise BadAudience(f"{what}: {op} needs a number.")
    if op in {"contains", "not_contains", "starts_with"} and not isinstance(value, str):
        raise BadAudience(f"{what}: {op} needs text.")


def _number(value: object) -> bool:
    # Beyond 2**53 a float is no longer every whole number, and micros would leave 64 bits.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 9e12


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """One node of a rule; `kind` says which."""


class Windowed(Rule, frozen=True, kw_only=True):
    """A rule about things that happened in a window of time, and never after the moment it is asked about."""

    within: str = ""  #: the last 30m, 12h, 90d, 8w
    since: str = ""  #: from this date or time on
    until: str = ""  #: up to, not including

    def bounds(self, now: int) -> tuple[int | None, int]:
        """Return the first and the last moment that count, both inclusive."""
        lows = [now - span(self.within) + 1] if self.within else []
        lows += [moment(self.since)] if self.since else []
        return max(lows, default=None), min(now, moment(self.until) - 1) if self.until else now

    def _check_window(self) -> None:
        self.bounds(0)


class All(Rule, frozen=True, kw_only=True, tag="all"):
    """Everyone who satisfies every part; without parts, everyone."""

    of: "tuple[AnyRule, ...]"


class Some(Rule, frozen=True, kw_only=True, tag="any"):
    """Everyone who satisfies at least one part; without parts, nobody."""

    of: "tuple[AnyRule, ...]"


class Never(Rule, frozen=True, kw_only=True, tag="none"):
    """Everyone who satisfies no part."""

    of: "tuple[AnyRule, ...]"


class Trait(Rule, frozen=True, kw_only=True, tag="trait"):
    """A trait of the profile compares so; text compares exactly, numbers as numbers."""

    name: str
    op: Operator
    value: Value | list[Value] | None = None

    def __post_init__(self) -> None:
        _path(self.name)
        _operand(self.op, self.value, f"trait {self.name}")


class Property(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property of an event compares so; `context.…` reaches into the event's context."""

    name: str
    op: Operator
    value: Value | list[Value] | None = None

    def __post_init__(self) -> None:
        _path(self.name)
        _operand(self.op, self.value, f"property {self.name}")


class Happened(Windowed, frozen=True, kw_only=True, tag="event"):
    """Events of one name and channel, with such properties: how many, on how many days, or what they add up to."""

    name: str = ""  #: empty: any event
    channel: str = ""  #: empty: any channel
    where: tuple[Property, ...] = ()
    measure: Literal["count", "days", "sum"] = "count"
    of: str = "revenue"  #: what `sum` adds up: revenue in currency units, or a number property
    op: Comparison = "at_least"
    value: int | float | list[Value] = 1

    def __post_init__(self) -> None:
        self._check_window()
        _path(self.of)
        _operand(self.op, self.value, f"event {self.name or 'any'}")


class Bought(Windowed, frozen=True, kw_only=True, tag="bought"):
    """Lines of orders, by product, category or department; refunded lines subtract."""

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    channel: str = ""
    measure: Literal["orders", "quantity", "amount"] = "orders"
    op: Comparison = "at_least"
    value: int | float | list[Value] = 1

    def __post_init__(self) -> None:
        self._check_window()
        _operand(self.op, self.value, "bought")


class Recency(Rule, frozen=True, kw_only=True, tag="recency"):
    """The last (or first) event of a kind is longer ago, or less long ago, than a span; without one it is neither."""

    name: str = ""
    channel: str = ""
    where: tuple[Property, ...] = ()
    which: Literal["last", "first"] = "last"
    op: Literal["older", "newer"]
    ago: str

    def __post_init__(self) -> None:
        span(self.ago)


class Agreed(Rule, frozen=True, kw_only=True, tag="consent"):
    """Consent for a channel and purpose over all addresses of a person: one withdrawal outweighs every grant."""

    channel: str
    purpose: str = "marketing"
    state: Literal["granted", "withdrawn", "unknown"] = "granted"


class Household(Rule, frozen=True, kw_only=True, tag="household"):
    """Somebody in the person's household, they themselves included, satisfies a rule."""

    rule: "AnyRule"


class HouseholdSize(Rule, frozen=True, kw_only=True, tag="household_size"):
    """So many persons live in the household; whose household is not known counts as one."""

    op: Comparison = "at_least"
    value: int | list[Value] = 2

    def __post_init__(self) -> None:
        _operand(self.op, self.value, "household size")


class Member(Rule, frozen=True, kw_only=True, tag="audience"):
    """The person satisfies another audience."""

    name: str


class Sample(Rule, frozen=True, kw_only=True, tag="sample"):
    """A stable share of people, drawn by a hash of person and salt; equal salts draw the same people."""

    percent: float
    salt: str = ""
    start: float = 0.0  #: percent at which the share begins: samples 0–10 and 10–20 do not overlap

    def __post_init__(self) -> None:
        if not (0 <= self.start <= 100 and 0 <= self.percent <= 100 - self.start):
            raise BadAudience("sample: start and percent lie between 0 and 100 and end at 100 at most.")


class Listed(Rule, frozen=True, kw_only=True, tag="listed"):
    """The person is one of these."""

    people: tuple[str, ...]


AnyRule = (
    All
    | Some
    | Never
    | Trait
    | Happened
    | Bought
    | Recency
    | Agreed
    | Household
    | HouseholdSize
    | Member
    | Sample
    | Listed
)


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    One audience as a document.

    Raises:
        BadAudience: Groups are nested too deeply.
    """

    title: str = ""
    description: str = ""
    where: AnyRule = All(of=())

    def __post_init__(self) -> None:
        if depth(self.where) > DEPTH:
            raise BadAudience(f"An audience nests at most {DEPTH} groups.")


def parts(rule: AnyRule) -> tuple[AnyRule, ...]:
    """Return the rules directly inside a rule."""
    match rule:
        case All() | Some() | Never():
            return rule.of
        case Household():
            return (rule.rule,)
        case _:
            return ()


def depth(rule: AnyRule) -> int:
    """Return how deeply rules are nested."""
    return 1 + max((depth(part) for part in parts(rule)), default=0)


def names(rule: AnyRule) -> frozenset[str]:
    """Return the audiences that a rule mentions."""
    own = {rule.name} if isinstance(rule, Member) else set()
    return frozenset(own.union(*(names(part) for part in parts(rule))))


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person does or does not satisfy one node of a rule: what was asked, what was found."""

    sentence: str
    holds: bool
    found: str = ""  #: the measured value, empty where nothing is measured
    parts: "tuple[Reason, ...]" = ()
