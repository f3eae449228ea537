"""An event schema: a versioned document that says what an event of one name must carry, and what makes it unique."""

from typing import Any

import msgspec

from onevoice.collect.checks import CHECKS, Check, Wrong, string
from onevoice.collect.reasons import Refused
from onevoice.collect.template import Template, Values, look
from onevoice.domain.errors import BadInput

#: Amounts that are in the currency of the event.
AMOUNTS = ("total", "revenue", "value", "price", "amount")


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

    __slots__ = ("amounts", "channel", "checks", "document", "keys", "name", "names", "rename", "required", "variants")

    def __init__(self, document: EventSchema) -> None:
        self.document = document
        self.name = document.name
        self.channel = document.channel
        #: Amounts for which a missing currency is filled in.
        self.amounts = tuple(
            name for name in AMOUNTS if "currency" in document.properties and name in document.properties
        )
        self.checks = tuple((name, _check(document, name), name in document.required) for name in _names(document))
        self.rename = tuple(document.rename.items())
        self.variants = tuple((tuple(v.when.items()), v.required) for v in document.variants)
        self.names = tuple(
            (naming.kind, Template(naming.value), tuple(naming.when.items()), naming.claimed)
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
        for name in self.document.skip:
            if properties.get(name) is True:
                raise Refused("plan_blocked", f"$.properties.{name}", f"This says `{name}`, so it does not count.")
        for old, new in self.rename:
            if old in properties and new not in properties:
                properties[new] = properties.pop(old)
        if self.amounts and not properties.get("currency") and any(name in properties for name in self.amounts):
            properties["currency"] = currency
        for name, check, required in self.checks:
            value = properties.get(name)
            if value is None:
                if required:
                    raise self._missing(name)
            elif check is not string or type(value) is not str:
                properties[name] = self._cast(name, check, value)
        for when, names in self.variants:
            if matches(when, properties, context):
                self._all(names, properties, context)

    def _cast(self, name: str, check: Check, value: Any) -> Any:
        try:
            return check(value)
        except Wrong as error:
            detail = f"`{name}` of {self.document.name} must {error}."
            raise Refused("schema_violation", f"$.properties.{name}", detail) from error

    def _all(self, names: tuple[str, ...], properties: Values, context: Values) -> None:
        for name in names:
            if look(name, properties, context) in (None, ""):
                raise self._missing(name)

    def _missing(self, name: str) -> Refused:
        path = f"$.{name}" if name.startswith("context.") else f"$.properties.{name}"
        return Refused("schema_violation", path, f"{self.document.name} needs `{name}`.")

    def business_keys(self, properties: Values, context: Values) -> tuple[str, ...]:
        """Return the keys that this event fills."""
        return tuple(key for template in self.keys if (key := template.fill(properties, context)))


def matches(when: tuple[tuple[str, str], ...], properties: Values, context: Values) -> bool:
    """Tell whether every path has its value."""
    return all(look(path, properties, context) == value for path, value in when)


def _names(document: EventSchema) -> list[str]:
    plain = [name for name in document.required if name not in document.properties]
    return [*document.properties, *plain]


def _check(document: EventSchema, name: str) -> Check:
    kind = document.properties.get(name, "string")
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
