"""An event schema: a versioned document that says what an event of one name must carry, and what makes it unique."""

import re
from typing import Any

import msgspec

from onevoice.collect.checks import CHECKS, Check, Wrong, is_plain
from onevoice.collect.reasons import Refused
from onevoice.collect.template import Place, Template, Values, places
from onevoice.domain.errors import BadInput

Conditions = tuple[tuple[Place, str], ...]
Demands = tuple[tuple[str, tuple[Place, ...]], ...]

#: The name of one property; anything else in `required` is a path or a choice.
PLAIN = re.compile(r"\w+")

#: Amounts that are in the currency of the event.
AMOUNTS = frozenset({"total", "revenue", "value", "price", "amount"})


class BadSchema(BadInput):
    """The event schema cannot be used; see the message for the property it trips over."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is required besides, when some values are given."""

    when: dict[str, str]  #: path -> value
    required: tuple[str, ...]


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identifier that the event's properties name."""

    kind: str
    value: str  #: a template
    when: dict[str, str] = {}  #: path -> value
    claimed: bool = False  #: never more than a claim, whoever says it


class EventSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The schema of one event name, as `schemas/*.yaml` and documents of kind `schema` hold it."""

    name: str
    version: int = 1
    area: str = ""
    description: str = ""
    channel: str = ""  #: where it happens, if its name alone says so
    aliases: tuple[str, ...] = ()  #: older names that are read as this one
    rename: dict[str, str] = {}  #: older property -> today's
    properties: dict[str, str] = {}  #: property -> type, a key of `checks.CHECKS`
    required: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    identifiers: tuple[Naming, ...] = ()
    keys: tuple[str, ...] = ()  #: templates; an event that fills one of them alike is the same fact
    skip: tuple[str, ...] = ()  #: properties that, if true, say that this is not meant to count


class Schema:
    """A compiled schema."""

    __slots__ = (
        "amounts",
        "channel",
        "demands",
        "document",
        "keys",
        "name",
        "names",
        "rename",
        "required",
        "types",
        "variants",
    )

    def __init__(self, document: EventSchema) -> None:
        self.document = document
        self.name = document.name
        self.channel = document.channel
        #: Amounts for which a missing currency is filled in.
        self.amounts = AMOUNTS.intersection(document.properties) if "currency" in document.properties else frozenset()
        self.types = {name: _check(document, name) for name in document.properties}
        self.required = tuple(name for name in document.required if PLAIN.fullmatch(name))
        self.demands = _demands(tuple(name for name in document.required if not PLAIN.fullmatch(name)))
        self.rename = tuple(document.rename.items())
        self.variants = tuple((_conditions(variant.when), _demands(variant.required)) for variant in document.variants)
        self.names = tuple(
            (naming.kind, Template(naming.value), _conditions(naming.when), naming.claimed)
            for naming in document.identifiers
        )
        self.keys = tuple(Template(key) for key in document.keys)

    def check(self, properties: Values, context: Values, currency: str) -> None:
        """
        Validate and gently cast the properties in place; amounts without a currency are in *currency*.

        Raises:
            Refused: A property is missing or does not fit (`schema_violation`, with its path), or says that the event
                does not count (`plan_blocked`).
        """
        self._prepare(properties, currency)
        for name in self.required:
            if properties.get(name) in (None, ""):
                raise self._missing(name)
        for name, value in properties.items():
            check = self.types.get(name)
            if check is not None and value is not None and not is_plain(check, value):
                properties[name] = self._cast(name, check, value)
        if self.demands:
            self._all(self.demands, properties, context)
        for when, demands in self.variants:
            if matches(when, properties, context):
                self._all(demands, properties, context)

    def _prepare(self, properties: Values, currency: str) -> None:
        for name in self.document.skip:
            if properties.get(name) is True:
                raise Refused("plan_blocked", f"$.properties.{name}", f"This says `{name}`, so it does not count.")
        for old, new in self.rename:
            if old in properties and new not in properties:
                properties[new] = properties.pop(old)
        if self.amounts and not properties.get("currency") and not self.amounts.isdisjoint(properties):
            properties["currency"] = currency

    def _cast(self, name: str, check: Check, value: Any) -> Any:
        try:
            return check(value)
        except Wrong as error:
            detail = f"`{name}` of {self.document.name} must {error}."
            raise Refused("schema_violation", f"$.properties.{name}", detail) from error

    def _all(self, demands: Demands, properties: Values, context: Values) -> None:
        for told, options in demands:
            if all(place.look(properties, context) in (None, "") for place in options):
                raise self._missing(told)

    def _missing(self, told: str) -> Refused:
        first = told.split("|", maxsplit=1)[0]
        path = f"$.{first}" if first.startswith("context.") else f"$.properties.{first}"
        return Refused(
            "schema_violation", path, f"{self.name} needs {' or '.join(f'`{one}`' for one in told.split('|'))}."
        )

    def business_keys(self, properties: Values, context: Values) -> tuple[str, ...]:
        """Return the keys that this event fills."""
        return tuple(key for template in self.keys if (key := template.fill(properties, context)))


def matches(when: Conditions, properties: Values, context: Values) -> bool:
    """Tell whether every place has its value."""
    return all(place.look(properties, context) == value for place, value in when)


def _demands(told: tuple[str, ...]) -> Demands:
    return tuple((one, places(one)) for one in told)


def _conditions(when: dict[str, str]) -> Conditions:
    return tuple((Place(path), value) for path, value in when.items())


def _check(document: EventSchema, name: str) -> Check:
    kind = document.properties[name]
    if kind not in CHECKS:
        raise BadSchema(f"{document.name}: `{name}` has the unknown type {kind!r}; known are {', '.join(CHECKS)}.")
    return CHECKS[kind]


def compiled(documents: list[EventSchema]) -> dict[str, Schema]:
    """Return compiled schemas by name, older names included."""
    found: dict[str, Schema] = {}
    for document in documents:
        schema = Schema(document)
        for alias in document.aliases:
            found.setdefault(alias, schema)
        found[document.name] = schema
    return found
