"""Every audience reads back as one English sentence."""

from collections.abc import Callable, Iterable
from typing import Any

from onevoice.decide.operator import OPERATORS
from onevoice.domain import audience as rules
from onevoice.domain.audience import AnyRule, Audience

UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}

#: How often, for a count: "at least 2 times".
TIMES = {
    "eq": "exactly {value}",
    "ne": "not exactly {value}",
    "gt": "more than {value}",
    "at_least": "at least {value}",
    "lt": "fewer than {value}",
    "at_most": "at most {value}",
    "between": "between {value}",
}


def sentence(audience: Audience) -> str:
    """Return the whole audience as one sentence."""
    if audience.where == rules.All(of=()):
        return "Everyone."
    return f"People {clause(audience.where)}."


def clause(rule: AnyRule) -> str:
    """Return one rule as a clause that may follow "people"."""
    return CLAUSES[type(rule)](rule)


def _joined(rule: rules.All | rules.Some | rules.Never, word: str) -> str:
    clauses = [f"({clause(part)})" if _compound(part) else clause(part) for part in rule.of]
    return words(clauses, word)


def _compound(rule: AnyRule) -> bool:
    return isinstance(rule, rules.All | rules.Some | rules.Never) and len(rule.of) > 1


def _all(rule: rules.All) -> str:
    return _joined(rule, "and") or "of any kind"


def _some(rule: rules.Some) -> str:
    return _joined(rule, "or") or "of no kind at all"


def _never(rule: rules.Never) -> str:
    return f"except those {_joined(rule, 'or')}" if rule.of else "of any kind"


def _trait(rule: rules.Trait) -> str:
    return f"whose {rule.name} {_told(rule.op, rule.value)}"


def _happened(rule: rules.Happened) -> str:
    what = _event(rule.name, rule.channel, rule.where)
    if rule.measure == "sum":
        return f"whose {rule.of} over “{rule.name or 'any event'}”{what[1]} {_told(rule.op, rule.value)}{_window(rule)}"
    unit = "day" if rule.measure == "days" else "time"
    if rule.measure == "count" and (rule.op, rule.value) == ("at_least", 1):
        return f"who did {what[0]}{what[1]}{_window(rule)}"
    if rule.measure == "count" and (rule.op, rule.value) in (("eq", 0), ("lt", 1), ("at_most", 0)):
        return f"who never did {what[0]}{what[1]}{_window(rule)}"
    on = "on " if unit == "day" else ""
    return f"who did {what[0]}{what[1]} {on}{_times(rule.op, rule.value, unit)}{_window(rule)}"


def _bought(rule: rules.Bought) -> str:
    kinds = [
        *(f"product {quoted(one)}" for one in rule.products),
        *(f"category {quoted(one)}" for one in rule.categories),
        *(f"department {quoted(one)}" for one in rule.departments),
    ]
    what = words(kinds, "or") or "anything"
    where = f" in the channel {quoted(rule.channel)}" if rule.channel else ""
    if rule.measure == "orders":
        return f"who bought {what}{where} in {_times(rule.op, rule.value, 'order')}{_window(rule)}"
    measure = "quantity" if rule.measure == "quantity" else "amount"
    return f"who bought {what}{where} of which the {measure} {_told(rule.op, rule.value)}{_window(rule)}"


def _recency(rule: rules.Recency) -> str:
    what, where = _event(rule.name, rule.channel, rule.where)
    side = "more" if rule.op == "older" else "less"
    return f"whose {rule.which} {what}{where} was {side} than {_span(rule.ago)} ago"


def _agreed(rule: rules.Agreed) -> str:
    purpose = f"{rule.purpose} by {rule.channel}"
    return {
        "granted": f"who agreed to {purpose}",
        "withdrawn": f"who withdrew their consent to {purpose}",
        "unknown": f"who never said whether they want {purpose}",
    }[rule.state]


def _household(rule: rules.Household) -> str:
    return f"in whose household there is somebody {clause(rule.rule)}"


def _household_size(rule: rules.HouseholdSize) -> str:
    return f"who live in a household of {_times(rule.op, rule.value, 'person')}"


def _member(rule: rules.Member) -> str:
    return f"in the audience {quoted(rule.name)}"


def _sample(rule: rules.Sample) -> str:
    start = f" from {rule.start:g} %" if rule.start else ""
    return f"in a stable sample of {rule.percent:g} %{start} ({quoted(rule.salt or 'no salt')})"


def _listed(rule: rules.Listed) -> str:
    return f"on a list of {_counted(len(rule.people), 'person')}"


CLAUSES: dict[type, Callable[[Any], str]] = {
    rules.All: _all,
    rules.Some: _some,
    rules.Never: _never,
    rules.Trait: _trait,
    rules.Happened: _happened,
    rules.Bought: _bought,
    rules.Recency: _recency,
    rules.Agreed: _agreed,
    rules.Household: _household,
    rules.HouseholdSize: _household_size,
    rules.Member: _member,
    rules.Sample: _sample,
    rules.Listed: _listed,
}


def _event(name: str, channel: str, where: Iterable[rules.Property]) -> tuple[str, str]:
    """Return the event and its circumstances."""
    what = quoted(name) if name else "anything"
    place = f" in the channel {quoted(channel)}" if channel else ""
    tests = words([f"{one.name} {_told(one.op, one.value)}" for one in where], "and")
    return what, place + (f" where {tests}" if tests else "")


def _told(op: str, value: Any) -> str:
    return OPERATORS[op].words.format(value=_value(op, value))


def _value(op: str, value: Any) -> str:
    if isinstance(value, list):
        return words([_value(op, one) for one in value], "and" if op == "between" else "or")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return quoted(value) if isinstance(value, str) else f"{value:,}"


def _times(op: str, value: Any, unit: str) -> str:
    last = value[-1] if isinstance(value, list) else value
    return f"{TIMES[op].format(value=_value(op, value))} {_plural(last, unit)}"


def _plural(number: float, unit: str) -> str:
    many = "people" if unit == "person" else f"{unit}s"
    return unit if number == 1 else many


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {_plural(number, unit)}"


def _span(text: str) -> str:
    return _counted(int(text[:-1]), UNITS[text[-1]])


def _window(rule: rules.Windowed) -> str:
    said = f" in the last {_span(rule.within)}" if rule.within else ""
    said += f" from {rule.since} on" if rule.since else ""
    return said + (f" until {rule.until}" if rule.until else "")


def quoted(text: str) -> str:
    """Return text in quotation marks."""
    return f"“{text}”"


def words(parts: list[str], last: str) -> str:
    """Return parts as an English list: a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
