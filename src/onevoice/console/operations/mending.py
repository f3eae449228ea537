"""Mending rules by form: one step for a group of rejects, tried on its newest bytes before it is kept."""

import hashlib
import re
from collections.abc import Mapping

import msgspec
from django.utils.translation import gettext_lazy as _

from onevoice.adapters.state.rejects import Group, Reject, packed
from onevoice.collect import packet as packets
from onevoice.collect.mending import Cast, Default, Drop, Mending, Rename, RenameEvent, Step, by_event
from onevoice.console import house
from onevoice.console.accounts.models import Member
from onevoice.console.operations import access, actions
from onevoice.domain.errors import BadInput, NotAllowed, NotFound
from onevoice.domain.event import Event, Rejected
from onevoice.domain.identifier import Trust
from onevoice.domain.packet import Packet
from onevoice.profile.sentence import say

KIND = "mending"
#: Reasons that a rule can do something about.
MENDABLE = frozenset({"schema_violation", "plan_blocked", "no_identity"})
#: What a step does, as it is chosen.
DEEDS = (
    ("cast", _("Read a property as another type")),
    ("rename", _("Give a property another name")),
    ("default", _("Fill a property that is missing")),
    ("drop", _("Leave a property out")),
    ("rename_event", _("Give the event another name")),
)
TYPES = (
    ("number", _("a number")),
    ("integer", _("a whole number")),
    ("string", _("a text")),
    ("boolean", _("yes or no")),
    ("date", _("a date")),
    ("currency", _("a currency")),
)
#: A property at the top, as a reject names it.
PROPERTY = re.compile(r"\$\.properties\.([^.\[\]]+)")


class IncompleteRule(BadInput):
    """Say which property the rule is about, and what becomes of it."""


class NotMendable(NotAllowed):
    """No rule can mend this; correct the event itself, or the source that sends it."""


class RuleNotFound(NotFound):
    """There is no such rule any more."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as the form holds it."""

    do: str = "cast"
    property: str = ""
    to: str = ""
    type: str = "number"
    value: str = ""
    everywhere: bool = True  #: whatever the key through which it comes


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the newest reject of a group."""

    passes: bool
    said: str  #: the event as a sentence, or why it is refused
    where: str = ""
    name: str = ""
    properties: str = ""


def is_mendable(group: Group) -> bool:
    """Tell whether a rule could help: the event has a name, and it is what the event says that was refused."""
    return bool(group.name) and group.reason in MENDABLE


def draft_of(given: Mapping[str, str], group: Group) -> Draft:
    """Return what a form holds; before it was touched, the likeliest for the group's fault."""
    if "do" not in given:
        found = PROPERTY.fullmatch(group.path)
        return Draft(
            do="rename_event" if group.reason == "plan_blocked" else "cast", property=found[1] if found else ""
        )
    plain = {name: given.get(name, "").strip()[:500] for name in ("do", "property", "to", "type", "value")}
    return Draft(**plain, everywhere=not given.get("here"))


def step_of(draft: Draft) -> Step:
    """
    Return a draft as a step.

    Raises:
        IncompleteRule: A name is missing.
    """
    needed = {"rename_event": (draft.to,), "rename": (draft.property, draft.to)}.get(draft.do, (draft.property,))
    if not all(needed) or (draft.do == "cast" and draft.type not in dict(TYPES)):
        raise IncompleteRule
    match draft.do:
        case "rename_event":
            return RenameEvent(to=draft.to)
        case "rename":
            return Rename(property=draft.property, to=draft.to)
        case "drop":
            return Drop(property=draft.property)
        case "default":
            return Default(property=draft.property, value=_value(draft.value))
        case "cast":
            return Cast(property=draft.property, to=draft.type)  # type: ignore[arg-type]
    raise IncompleteRule


def _value(written: str) -> object:
    """Return a value as JSON reads it, else as text."""
    try:
        return msgspec.json.decode(written.encode())
    except msgspec.DecodeError:
        return written


def named(event: str, source: str) -> str:
    """Return the name of the document that holds the rules for one event from one source, or from all."""
    slug = re.sub(r"[^a-z0-9]+", "-", event.lower()).strip("-")[:60] or "event"
    mark = hashlib.blake2b(f"{event}\0{source}".encode(), digest_size=3, usedforsecurity=False).hexdigest()
    return f"{slug}-{mark}"


def rule_of(group: Group, draft: Draft) -> Mending:
    """
    Return the group's rule with one more step at its end.

    Raises:
        IncompleteRule: The draft names too little.
        NotMendable: The event has no name, or was refused for what no rule can change.
    """
    if not is_mendable(group):
        raise NotMendable
    source = "" if draft.everywhere else group.source
    name = named(group.name, source)
    known = house.stores().definitions.find(KIND, name)
    before = msgspec.json.decode(bytes(known.body), type=Mending) if known else None
    return Mending(
        name=name,
        version=known.version + 1 if known else 1,
        event=group.name,
        source=source,
        steps=(*(before.steps if before else ()), step_of(draft)),
    )


def try_out(group: Group, draft: Draft) -> Trial | None:
    """
    Return what a rule would make of the group's newest reject, without keeping anything; nothing if its bytes are gone.

    Raises:
        IncompleteRule: The draft names too little.
    """
    rule, row = rule_of(group, draft), access.reject(group.newest)
    if not row.what.raw:
        return None
    plan = house.stores().plan.plan()
    others = [one for found in plan.mendings.values() for one in found if one.name != rule.name]
    answers = packets.read(_packet(row), msgspec.structs.replace(plan, mendings=by_event([*others, rule])))
    return _trial(answers[0]) if answers else None


def _packet(row: Reject) -> Packet:
    received_at, source, trust, path, door, body = packed(row, row.what.raw)
    meta = msgspec.json.decode(door)
    return Packet(seq=0, received_at=received_at, key=source, trust=Trust(trust), path=path, meta=meta, body=body)  # type: ignore[arg-type]


def _trial(answer: Event | Rejected) -> Trial:
    if isinstance(answer, Rejected):
        return Trial(passes=False, said=answer.detail, where=answer.path)
    written = msgspec.json.format(msgspec.json.encode(answer.properties), indent=2).decode()
    return Trial(passes=True, said=say(answer), name=answer.name, properties=written)


def keep(group: Group, draft: Draft, *, by: Member, now: int) -> tuple[Mending, int]:
    """
    Keep a rule as a new version, send the group through the door again, and return the rule and how many went.

    Raises:
        IncompleteRule: The draft names too little.
    """
    rule = rule_of(group, draft)
    house.stores().definitions.put(KIND, rule.name, rule, now=now, by=by.email)
    return rule, access.log().replay(actions.open_ids(group.fingerprint), house.stores().intake)


def take_back(name: str, *, by: Member, now: int) -> Mending:
    """
    Take the newest step of a rule back, as a new version; what came through meanwhile stays.

    Raises:
        RuleNotFound: There is no such rule, or it has no step left.
    """
    definitions = house.stores().definitions
    known = definitions.find(KIND, name)
    rule = msgspec.json.decode(bytes(known.body), type=Mending) if known else None
    if known is None or rule is None or not rule.steps:
        raise RuleNotFound
    left = msgspec.structs.replace(rule, version=known.version + 1, steps=rule.steps[:-1])
    definitions.put(KIND, name, left, now=now, by=by.email)
    return left
