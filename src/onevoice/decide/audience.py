"""
An audience becomes one Ibis expression.

Each table is read once, however many conditions ask about it: every condition is an aggregate over the rows that
match it, all aggregates of a table share one scan, and the scan keeps only rows that some condition wants. The
aggregates meet the people in joins, and the rule becomes one filter over the joined columns.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import ibis
import msgspec

from onevoice.decide import operator
from onevoice.decide.operator import json_text, of_money, of_number, of_text
from onevoice.domain import audience as rules
from onevoice.domain.audience import AnyRule, Audience, BadAudience
from onevoice.domain.money import MICROS

#: Ibis expressions by name: people, events, lines, consents. Events and lines have their person.
Tables = Mapping[str, ibis.Table]

#: Properties that are columns of their own, so that no JSON is read for them.
COLUMNS = ("currency", "order_id", "store_id", "campaign", "coupon", "channel")

#: A sample compares this many leading hexadecimal digits of a hash.
DIGITS = 8

Check = Callable[[ibis.Table], Any]


class Built(msgspec.Struct, frozen=True):
    """One node of a rule as functions of the joined table: what it decides, and what it measured."""

    rule: AnyRule
    check: Check
    value: Check | None = None
    parts: "tuple[Built, ...]" = ()


class Scan:
    """The conditions on one table, answered together by one aggregation per person."""

    def __init__(self, table: ibis.Table, prefix: str) -> None:
        self._table = table
        self._prefix = prefix
        self._metrics: dict[str, tuple[Any, Callable[[Any], Any]]] = {}

    @property
    def table(self) -> ibis.Table:
        """The rows that conditions filter."""
        return self._table

    def add(self, key: str, matches: Any, aggregate: Callable[[Any], Any]) -> str:
        """Ask for an aggregate over the rows that match; the same question twice is one column."""
        name = f"{self._prefix}_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        self._metrics.setdefault(name, (matches, aggregate))
        return name

    def answer(self) -> ibis.Table | None:
        """Return person and one column per aggregate, or nothing if nothing was asked."""
        if not self._metrics:
            return None
        wanted = ibis.or_(*(matches for matches, _ in self._metrics.values()))
        asked = {name: aggregate(matches) for name, (matches, aggregate) in self._metrics.items()}
        return self._table.filter(wanted).group_by("person").aggregate(**asked)


class Compiler:
    """Turns rules into tests over one joined table, collecting what has to be joined."""

    def __init__(self, tables: Tables, now: int, audiences: Mapping[str, Audience]) -> None:
        self.tables = tables
        self.now = now
        self.audiences = audiences
        self.scans = {name: Scan(tables[name], name) for name in ("events", "lines", "consents")}
        self.homes: dict[str, ibis.Table] = {}
        self._open: list[str] = []

    def build(self, rule: AnyRule) -> Built:
        """Return the test of a rule."""
        return BUILDERS[type(rule)](self, rule)

    def _all(self, rule: rules.All) -> Built:
        return self._group(rule, lambda checks: ibis.and_(*checks))

    def _some(self, rule: rules.Some) -> Built:
        return self._group(rule, lambda checks: ibis.or_(*checks))

    def _never(self, rule: rules.Never) -> Built:
        return self._group(rule, lambda checks: ~ibis.or_(*(check.fill_null(False) for check in checks)))

    def _group(self, rule: rules.All | rules.Some | rules.Never, join: Callable[[list[Any]], Any]) -> Built:
        parts = tuple(self.build(part) for part in rule.of)
        if not parts:
            nobody = isinstance(rule, rules.Some)
            return Built(rule, lambda people: ibis.literal(not nobody))
        return Built(rule, lambda people: join([part.check(people) for part in parts]), None, parts)

    def _trait(self, rule: rules.Trait) -> Built:
        def value(people: ibis.Table) -> Any:
            return json_text(people.traits, f"$.{rule.name}")

        return Built(rule, lambda people: operator.compare(rule.op, of_text(value(people)), rule.value), value)

    # --- what happened

    def _matches(self, rule: rules.Happened | rules.Recency, low: int | None, high: int) -> Any:
        events = self.scans["events"].table
        tests = [events.occurred_at <= high]
        tests += [events.occurred_at >= low] if low is not None else []
        tests += [events.name == rule.name] if rule.name else []
        tests += [events.channel == rule.channel] if rule.channel else []
        tests += [operator.compare(one.op, _property(events, one.name), one.value) for one in rule.where]
        return ibis.and_(*tests)

    def _happened(self, rule: rules.Happened) -> Built:
        scan = self.scans["events"]
        low, high = rule.bounds(self.now)
        aggregate, wrap = _measure(scan.table, rule)
        name = scan.add(_key(rule, "op", "value"), self._matches(rule, low, high), aggregate)
        return Built(
            rule,
            lambda people: operator.measured(rule.op, wrap(people[name]), rule.value),
            lambda people: _in_units(people[name].fill_null(0), wrap(people[name]).scale),
        )

    def _recency(self, rule: rules.Recency) -> Built:
        scan = self.scans["events"]
        edge = self.now - rules.span(rule.ago)
        moment = scan.table.occurred_at

        def aggregate(matches: Any) -> Any:
            return moment.max(where=matches) if rule.which == "last" else moment.min(where=matches)

        name = scan.add(_key(rule, "op", "ago"), self._matches(rule, None, self.now), aggregate)
        return Built(
            rule,
            lambda people: people[name] < edge if rule.op == "older" else people[name] >= edge,
            lambda people: people[name],
        )

    def _bought(self, rule: rules.Bought) -> Built:
        scan = self.scans["lines"]
        lines = scan.table
        low, high = rule.bounds(self.now)
        tests = [lines.occurred_at <= high]
        tests += [lines.occurred_at >= low] if low is not None else []
        tests += [lines.channel == rule.channel] if rule.channel else []
        for column, wanted in (
            ("product_id", rule.products),
            ("category", rule.categories),
            ("department", rule.departments),
        ):
            tests += [lines[column].isin(wanted)] if wanted else []
        aggregate, wrap = _measure_lines(lines, rule)
        name = scan.add(_key(rule, "op", "value"), ibis.and_(*tests), aggregate)
        return Built(
            rule,
            lambda people: operator.measured(rule.op, wrap(people[name]), rule.value),
            lambda people: _in_units(people[name].fill_null(0), wrap(people[name]).scale),
        )

    # --- what is so

    def _agreed(self, rule: rules.Agreed) -> Built:
        scan = self.scans["consents"]
        consents = scan.table
        matches = ibis.and_(consents.channel == rule.channel, consents.purpose == rule.purpose)
        name = scan.add(
            _key(rule, "state"),
            matches,
            lambda matching: (consents.state == "withdrawn").cast("int64").max(where=matching),
        )
        # One address that withdrew outweighs every address that agreed.
        checks: dict[str, Check] = {
            "granted": lambda people: people[name] == 0,
            "withdrawn": lambda people: people[name] == 1,
            "unknown": lambda people: people[name].isnull(),
        }
        words = ("granted", "withdrawn")
        return Built(
            rule,
            checks[rule.state],
            lambda people: ibis.cases((people[name] == 0, words[0]), (people[name] == 1, words[1]), else_="unknown"),
        )

    def _household(self, rule: rules.Household) -> Built:
        inside = self._within(rule.rule)
        homes = _homes(self.tables["people"].semi_join(inside, "person"))
        name = self._joined(_key(rule), homes.select("home").distinct().mutate(found=ibis.literal(True)))
        return Built(rule, lambda people: people[name])

    def _within(self, rule: AnyRule) -> ibis.Table:
        other = Compiler(self.tables, self.now, self.audiences)
        other._open = list(self._open)
        return other.people(other.build(rule))

    def _household_size(self, rule: rules.HouseholdSize) -> Built:
        homes = _homes(self.tables["people"])
        name = self._joined("household_size", homes.group_by("home").aggregate(found=homes.count()))
        return Built(
            rule,
            lambda people: operator.compare(rule.op, of_number(people[name]), rule.value),
            lambda people: people[name],
        )

    def _joined(self, key: str, homes: ibis.Table) -> str:
        name = f"home_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        self.homes.setdefault(name, homes.rename({name: "found"}))
        return name

    def _member(self, rule: rules.Member) -> Built:
        if rule.name in self._open:
            circle = " → ".join([*self._open, rule.name])
            raise BadAudience(f"Audiences mention each other in a circle: {circle}.")
        if rule.name not in self.audiences:
            raise BadAudience(f"There is no audience named {rule.name!r}.")
        self._open.append(rule.name)
        part = self.build(self.audiences[rule.name].where)
        self._open.pop()
        return Built(rule, part.check, None, (part,))

    # --- together

    def joined(self) -> ibis.Table:
        """Return people with every column that the built tests need."""
        people = self.tables["people"].select("person", "household", "traits")
        for scan in self.scans.values():
            answer = scan.answer()
            if answer is not None:
                people = people.left_join(answer, "person").drop("person_right")
        if self.homes:
            people = _homes(people)
        for homes in self.homes.values():
            people = people.left_join(homes, "home").drop("home_right")
        return people

    def people(self, built: Built) -> ibis.Table:
        """Return the persons who satisfy what was built."""
        joined = self.joined()
        return joined.filter(built.check(joined)).select("person")


def select(
    audience: Audience, tables: Tables, *, now: int, audiences: Mapping[str, Audience] | None = None
) -> ibis.Table:
    """
    Return the persons of an audience at a moment, one row each, column `person`.

    Raises:
        BadAudience: It mentions an audience that does not exist, or itself.
    """
    compiler = Compiler(tables, now, audiences or {})
    return compiler.people(compiler.build(audience.where))


def check(audience: Audience, audiences: Mapping[str, Audience]) -> None:
    """
    Refuse an audience that cannot be answered.

    Raises:
        BadAudience: It mentions an audience that does not exist, or the audiences form a circle.
    """
    _walk(audience.where, audiences, ())


def _walk(rule: AnyRule, audiences: Mapping[str, Audience], path: tuple[str, ...]) -> None:
    for name in sorted(rules.names(rule)):
        if name in path:
            raise BadAudience(f"Audiences mention each other in a circle: {' → '.join([*path, name])}.")
        if name not in audiences:
            raise BadAudience(f"There is no audience named {name!r}.")
        _walk(audiences[name].where, audiences, (*path, name))


#: How each kind of rule is built.
BUILDERS: dict[type, Callable[[Compiler, Any], Built]] = {
    rules.All: Compiler._all,
    rules.Some: Compiler._some,
    rules.Never: Compiler._never,
    rules.Trait: Compiler._trait,
    rules.Happened: Compiler._happened,
    rules.Bought: Compiler._bought,
    rules.Recency: Compiler._recency,
    rules.Agreed: Compiler._agreed,
    rules.Household: Compiler._household,
    rules.HouseholdSize: Compiler._household_size,
    rules.Member: Compiler._member,
    rules.Sample: lambda _, rule: _sample(rule),
    rules.Listed: lambda _, rule: Built(rule, lambda people: people.person.isin(rule.people)),
}


def _homes(people: ibis.Table) -> ibis.Table:
    """Give everyone a home: their household, or themselves where it is not known."""
    return people.mutate(home=ibis.ifelse(people.household.isnull(), "p" + people.person, "h" + people.household))


def _key(rule: AnyRule, *without: str) -> str:
    """Name what a rule measures, whatever it is then compared with."""
    fields = msgspec.to_builtins(rule)
    return msgspec.json.encode({k: v for k, v in fields.items() if k not in without}, order="sorted").decode()


def _property(events: ibis.Table, name: str) -> operator.Operand:
    if name == "revenue":
        return of_money(events.revenue)
    if name in COLUMNS:
        return of_text(events[name])
    path = name if name.startswith(("context.", "traits.")) else f"properties.{name}"
    return of_text(json_text(events.body, f"$.{path}"))


def _exact(number: Any) -> Any:
    # Whole micros add up to the same sum in any order, on any engine; floats would not.
    return (number * MICROS).round().cast("int64")


def _measure(events: ibis.Table, rule: rules.Happened) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what to aggregate for a rule, and how to read the column it makes."""
    if rule.measure == "count":
        return lambda matches: matches.fill_null(False).cast("int64").sum(), of_number
    if rule.measure == "days":
        days = events.occurred_at // (24 * 3600 * MICROS)
        return lambda matches: days.nunique(where=matches), of_number
    amount = _property(events, rule.of)
    micros = amount.number if amount.scale == MICROS else _exact(amount.number)
    return lambda matches: micros.sum(where=matches), of_money


def _measure_lines(lines: ibis.Table, rule: rules.Bought) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if rule.measure == "orders":
        # A refund is an event of its own; only lines that were bought count their order.
        return lambda matches: lines.seq.nunique(where=ibis.and_(matches, lines.quantity > 0)), of_number
    micros = lines.amount if rule.measure == "amount" else _exact(lines.quantity)
    return lambda matches: micros.sum(where=matches), of_money


def _in_units(number: Any, scale: int) -> Any:
    return number if scale == 1 else number / scale


def _sample(rule: rules.Sample) -> Built:
    low, high = (_threshold(rule.start), _threshold(rule.start + rule.percent))

    def draw(people: ibis.Table) -> Any:
        return (people.person + ibis.literal(f"\x1f{rule.salt}")).hexdigest("md5").substr(0, DIGITS)

    def check(people: ibis.Table) -> Any:
        drawn = draw(people)
        return ibis.and_(drawn >= low, drawn < high)

    return Built(rule, check, draw)


def _threshold(percent: float) -> str:
    # "g" sorts after every hexadecimal digit: the end of the last share.
    whole = 16**DIGITS
    return f"{round(whole * percent / 100):0{DIGITS}x}" if percent < 100 else "g"
