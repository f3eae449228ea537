"""Small worlds of people and what they did, and a plain-Python reading of every rule to compare the engines with."""

import hashlib
import json
import re
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
from hypothesis import strategies as st

from onevoice.adapters import columns
from onevoice.domain import audience as rules
from onevoice.domain.moment import DAY

NOW = 1_767_225_600_000_000
NAMES = ["Order Completed", "Email Opened", "Page Viewed"]
CHANNELS = ["store", "web", "email"]
CATEGORIES = ["soap", "wine"]
TRAITS = ["city", "age", "vip"]
PROPERTIES = ["size", "colour", "campaign", "revenue", "context.page"]
SCALARS = st.one_of(
    st.sampled_from(["a", "b", "ab", "12", "1.50", "1d", "nan", "Ä'\"", "true", ""]),
    st.integers(-3, 30),
    st.sampled_from([1.5, -0.25]),
    st.booleans(),
)
MOMENTS = st.integers(-5, 120).map(lambda days: NOW - days * DAY) | st.sampled_from([NOW, NOW + 1, NOW - 30 * DAY])


def world():
    """Return a strategy for people, events, lines and consents, as lists of plain rows."""
    persons = st.lists(st.integers(0, 9), min_size=1, max_size=8, unique=True)
    return persons.flatmap(_filled)


def _filled(numbers):
    who = st.sampled_from([f"p{n}" for n in numbers])
    event = st.fixed_dictionaries(
        {
            "person": who,
            "name": st.sampled_from(NAMES),
            "channel": st.sampled_from(CHANNELS),
            "at": MOMENTS,
            "revenue": st.none() | st.integers(-5_000_000, 50_000_000),
            "campaign": st.none() | st.sampled_from(["a", "12"]),
            "properties": st.dictionaries(st.sampled_from(["size", "colour"]), SCALARS | st.none(), max_size=2),
            "page": st.none() | SCALARS,
        }
    )
    line = st.fixed_dictionaries(
        {
            "person": who,
            "seq": st.integers(1, 4),
            "at": MOMENTS,
            "channel": st.sampled_from(CHANNELS),
            "product": st.sampled_from(["x", "y"]),
            "category": st.none() | st.sampled_from(CATEGORIES),
            "quantity": st.sampled_from([1.0, 2.0, 0.5, -1.0]),
            "amount": st.integers(-3_000_000, 9_000_000),
        }
    )
    consent = st.fixed_dictionaries(
        {"person": who, "channel": st.sampled_from(CHANNELS), "state": st.sampled_from(["granted", "withdrawn"])}
    )
    person = st.fixed_dictionaries(
        {
            "household": st.none() | st.sampled_from(["h1", "h2", "p1"]),
            "traits": st.dictionaries(st.sampled_from(TRAITS), SCALARS | st.none(), max_size=3),
        }
    )
    return st.fixed_dictionaries(
        {
            "people": st.fixed_dictionaries({f"p{n}": person for n in numbers}),
            "events": st.lists(event, max_size=14),
            "lines": st.lists(line, max_size=10),
            "consents": st.lists(consent, max_size=6),
        }
    )


def operations():
    """Return a strategy for an operator with a fitting value."""
    number = st.integers(-3, 30) | st.sampled_from([1.5, 0.75])
    texts = st.sampled_from(["a", "b", "12", "1.50", "true", "Ä'\""])
    return st.one_of(
        st.tuples(st.sampled_from(["eq", "ne"]), SCALARS),
        st.tuples(st.sampled_from(["in", "not_in"]), st.lists(SCALARS, min_size=1, max_size=3)),
        st.tuples(st.sampled_from(["contains", "not_contains", "starts_with"]), texts),
        st.tuples(st.sampled_from(["gt", "at_least", "lt", "at_most"]), number),
        st.tuples(st.just("between"), st.lists(number, min_size=2, max_size=2)),
        st.tuples(st.sampled_from(["exists", "missing"]), st.none()),
    )


def comparisons():
    """Return a strategy for a comparison of counts or sums with its value."""
    number = st.integers(-2, 20)
    return st.one_of(
        st.tuples(st.sampled_from(["eq", "ne", "gt", "at_least", "lt", "at_most"]), number),
        st.tuples(st.just("between"), st.lists(number, min_size=2, max_size=2)),
    )


def properties():
    """Return a strategy for up to two property tests."""
    number = st.integers(-3, 30)
    money = st.builds(
        lambda op, value: rules.Property(name="revenue", op=op, value=value),
        st.sampled_from(["gt", "at_least", "lt", "at_most"]),
        number,
    )
    other = st.builds(
        lambda name, op: rules.Property(name=name, op=op[0], value=op[1]),
        st.sampled_from(["size", "colour", "campaign", "context.page"]),
        operations(),
    )
    return st.lists(money | other, max_size=2).map(tuple)


def windows():
    """Return a strategy for the fields of a window."""
    return st.sampled_from(
        [
            {},
            {"within": "30d"},
            {"within": "8w"},
            {"since": "2025-12-01"},
            {"until": "2025-12-02"},
            {"within": "90d", "until": "2025-12-20"},
        ]
    )


def conditions():
    """Return a strategy for single conditions."""
    name, channel = st.sampled_from(["", *NAMES]), st.sampled_from(["", *CHANNELS])
    return st.one_of(
        st.builds(lambda n, op: rules.Trait(name=n, op=op[0], value=op[1]), st.sampled_from(TRAITS), operations()),
        st.builds(
            lambda n, c, w, m, o, op, t: rules.Happened(
                name=n, channel=c, where=w, measure=m, of=o, op=op[0], value=op[1], **t
            ),
            name,
            channel,
            properties(),
            st.sampled_from(["count", "days", "sum"]),
            st.sampled_from(["revenue", "size"]),
            comparisons(),
            windows(),
        ),
        st.builds(
            lambda p, c, ch, m, op, t: rules.Bought(
                products=p, categories=c, channel=ch, measure=m, op=op[0], value=op[1], **t
            ),
            st.sampled_from([(), ("x",), ("x", "y")]),
            st.sampled_from([(), ("soap",)]),
            channel,
            st.sampled_from(["orders", "quantity", "amount"]),
            comparisons(),
            windows(),
        ),
        st.builds(
            lambda n, c, w, which, op, ago: rules.Recency(name=n, channel=c, where=w, which=which, op=op, ago=ago),
            name,
            channel,
            properties(),
            st.sampled_from(["last", "first"]),
            st.sampled_from(["older", "newer"]),
            st.sampled_from(["30d", "8w", "0m"]),
        ),
        st.builds(
            lambda c, s: rules.Agreed(channel=c, state=s),
            st.sampled_from(CHANNELS),
            st.sampled_from(["granted", "withdrawn", "unknown"]),
        ),
        st.builds(lambda op: rules.HouseholdSize(op=op[0], value=op[1]), comparisons()),
        st.builds(
            lambda s, salt: rules.Sample(start=s[0], percent=s[1], salt=salt),
            st.sampled_from([(0, 0), (0, 50), (50, 50), (25, 30), (0, 100)]),
            st.sampled_from(["", "x"]),
        ),
        st.builds(
            lambda people: rules.Listed(people=tuple(people)), st.lists(st.sampled_from(["p0", "p1", "p2"]), max_size=2)
        ),
        st.just(rules.Member(name="other")),
    )


def trees():
    """Return a strategy for rules of any shape."""
    return st.recursive(
        conditions(),
        lambda inner: st.one_of(
            st.builds(
                lambda kind, of: kind(of=tuple(of)),
                st.sampled_from([rules.All, rules.Some, rules.Never]),
                st.lists(inner, max_size=3),
            ),
            st.builds(lambda rule: rules.Household(rule=rule), inner),
        ),
        max_leaves=5,
    )


def tables(data):
    """Return the world as Arrow tables of the engine."""
    nodes = {person: at for at, person in enumerate(data["people"], 1)}
    events = [
        (
            at,
            f"m{at}",
            e["name"],
            e["channel"],
            nodes[e["person"]],
            e["at"],
            e["at"],
            e["revenue"],
            None,
            None,
            None,
            e["campaign"],
            None,
            json.dumps({"properties": e["properties"], "context": {"page": e["page"]}}),
        )
        for at, e in enumerate(data["events"], 1)
    ]
    lines = [
        (
            one["seq"],
            nodes[one["person"]],
            one["at"],
            one["channel"],
            one["product"],
            one["category"],
            None,
            one["quantity"],
            one["amount"],
        )
        for one in data["lines"]
    ]
    people = [(person, one["household"], json.dumps(one["traits"])) for person, one in data["people"].items()]
    return {
        "events": columns.table(columns.EVENTS, events),
        "lines": columns.table(columns.LINES, lines),
        "consents": columns.table(
            columns.CONSENTS, [(c["person"], c["channel"], "marketing", c["state"]) for c in data["consents"]]
        ),
        "people": columns.table(columns.PEOPLE, people),
        "nodes": columns.table(
            columns.NODES, [(node, "email", p, p, data["people"][p]["household"]) for p, node in nodes.items()]
        ),
    }  # fmt: skip


def mount(engine, data):
    """Mount a world, and return its tables."""
    for name, rows in tables(data).items():
        engine.mount(name, pa.table(rows))
    return engine.tables()


# --- the same rules, read slowly and plainly


def members(data, audience, others):
    """Return who is in an audience, one person and one condition at a time."""
    return {person for person in data["people"] if satisfies(data, person, audience.where, others)}


def satisfies(data, person, rule, others):  # noqa: C901 - one case a kind of rule
    """Tell whether a person satisfies a rule."""
    me = data["people"][person]
    home = [
        p
        for p, one in data["people"].items()
        if p == person or (me["household"] and one["household"] == me["household"])
    ]
    match rule:
        case rules.All():
            return all(satisfies(data, person, part, others) for part in rule.of)
        case rules.Some():
            return any(satisfies(data, person, part, others) for part in rule.of)
        case rules.Never():
            return not any(satisfies(data, person, part, others) for part in rule.of)
        case rules.Household():
            return any(satisfies(data, p, rule.rule, others) for p in home)
        case rules.HouseholdSize():
            return tested(rule.op, len(home), rule.value)
        case rules.Member():
            return satisfies(data, person, others[rule.name].where, others)
        case rules.Listed():
            return person in rule.people
        case rules.Sample():
            draw = int(hashlib.md5(f"{person}\x1f{rule.salt}".encode()).hexdigest()[:8], 16) / 16**8 * 100
            return rule.start <= draw < rule.start + rule.percent
        case rules.Agreed():
            states = {c["state"] for c in data["consents"] if (c["person"], c["channel"]) == (person, rule.channel)}
            found = "withdrawn" if "withdrawn" in states else "granted" if states else "unknown"
            return found == rule.state
        case rules.Trait():
            return tested(rule.op, me["traits"].get(rule.name), rule.value)
        case rules.Happened():
            return happened(data, person, rule)
        case rules.Bought():
            return bought(data, person, rule)
        case rules.Recency():
            ats = [e["at"] for e in matching(data, person, rule) if e["at"] <= NOW]
            if not ats:
                return False
            edge = NOW - rules.span(rule.ago)
            at = max(ats) if rule.which == "last" else min(ats)
            return at < edge if rule.op == "older" else at >= edge


def matching(data, person, rule):
    """Return the events of a person that a rule is about, whenever they happened."""
    return [
        e
        for e in data["events"]
        if e["person"] == person
        and rule.name in {"", e["name"]}
        and rule.channel in {"", e["channel"]}
        and all(tested(one.op, property_of(e, one.name), one.value) for one in rule.where)
    ]


def property_of(event, name):
    """Return a property of an event as people would say it."""
    if name == "revenue":
        return None if event["revenue"] is None else float(Decimal(event["revenue"]) / 1_000_000)
    if name == "campaign":
        return event["campaign"]
    return event["page"] if name == "context.page" else event["properties"].get(name)


def in_window(at, rule):
    """Tell whether a moment lies in a rule's window."""
    since = NOW - 10**18 if not rule.since else rules.moment(rule.since)
    until = NOW + 1 if not rule.until else rules.moment(rule.until)
    within = NOW - rules.span(rule.within) if rule.within else -(10**18)
    return since <= at < until and within < at <= NOW


def happened(data, person, rule):
    """Count, or sum, what a person did."""
    found = [e for e in matching(data, person, rule) if in_window(e["at"], rule)]
    if rule.measure == "count":
        return tested(rule.op, len(found), rule.value)
    if rule.measure == "days":
        return tested(rule.op, len({e["at"] // DAY for e in found}), rule.value)
    amounts = [number(property_of(e, rule.of)) for e in found]
    return tested(rule.op, total(amounts), rule.value)


def total(amounts):
    """Sum amounts exactly, in whole millionths."""
    exact = (Decimal(str(a)).quantize(Decimal("0.000001"), ROUND_HALF_UP) for a in amounts if a is not None)
    return float(sum(exact, Decimal(0)))


def bought(data, person, rule):
    """Count, or sum, what a person bought."""
    found = [
        one
        for one in data["lines"]
        if one["person"] == person
        and in_window(one["at"], rule)
        and rule.channel in {"", one["channel"]}
        and (not rule.products or one["product"] in rule.products)
        and (not rule.categories or one["category"] in rule.categories)
    ]
    if rule.measure == "orders":
        return tested(rule.op, len({one["seq"] for one in found if one["quantity"] > 0}), rule.value)
    if rule.measure == "quantity":
        return tested(rule.op, sum(one["quantity"] for one in found), rule.value)
    return tested(rule.op, sum(one["amount"] for one in found) / 1_000_000, rule.value)


def as_text(value):
    """Return a value as JSON would write it."""
    return value if isinstance(value, str) else json.dumps(value)


def number(value):
    """Return a value as a number, if it is one or plainly spells one."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value):
        return None
    return float(value)


def equal(actual, value):
    """Compare one value by what the rule wrote: text with text, number with number, yes with yes."""
    if isinstance(value, bool):
        return as_text(actual) == as_text(value)
    if isinstance(value, int | float):
        return number(actual) == value
    return as_text(actual) == value


def tested(op, actual, value):
    """Apply an operator to what is known."""
    if op in {"ne", "not_in", "not_contains"}:
        return not tested({"ne": "eq", "not_in": "in", "not_contains": "contains"}[op], actual, value)
    if op == "missing" or actual is None:
        return op == "missing" and actual is None
    if op == "exists":
        return True
    if op == "eq":
        return equal(actual, value)
    if op == "in":
        return any(equal(actual, one) for one in value)
    if op in {"contains", "starts_with"}:
        return value in as_text(actual) if op == "contains" else as_text(actual).startswith(value)
    known = number(actual)
    if known is None:
        return False
    low, high = value if op == "between" else (value, value)
    return {
        "gt": known > low, "at_least": known >= low, "lt": known < low, "at_most": known <= low,
        "between": low <= known <= high,
    }[op]  # fmt: skip
