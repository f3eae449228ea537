"""A mending: a versioned rule that corrects what a source sends wrongly, before anything is validated."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from onevoice.collect.checks import CHECKS, Wrong
from onevoice.domain.errors import BadInput


class BadMending(BadInput):
    """The mending rule cannot be used."""


class RenameEvent(msgspec.Struct, frozen=True, tag="rename_event", tag_field="do", forbid_unknown_fields=True):
    """Give the event another name."""

    to: str


class Rename(msgspec.Struct, frozen=True, tag="rename", tag_field="do", forbid_unknown_fields=True):
    """Give a property another name, unless that one is there already."""

    property: str
    to: str


class Drop(msgspec.Struct, frozen=True, tag="drop", tag_field="do", forbid_unknown_fields=True):
    """Take a property away."""

    property: str


class Cast(msgspec.Struct, frozen=True, tag="cast", tag_field="do", forbid_unknown_fields=True):
    """Read a property as another type; a decimal comma and thousands signs are understood for numbers."""

    property: str
    to: Literal["string", "number", "integer", "boolean", "date", "currency"]


class Default(msgspec.Struct, frozen=True, tag="default", tag_field="do", forbid_unknown_fields=True):
    """Fill a property that is missing, null or empty."""

    property: str
    value: Any


Step = RenameEvent | Rename | Drop | Cast | Default
Values = dict[str, Any]


class Mending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to correct in events of one name, from one source or all."""

    name: str
    version: int = 1
    event: str  #: the name as it is sent
    source: str = ""  #: id of the key it comes through; empty: any
    steps: tuple[Step, ...] = ()


def by_event(mendings: list[Mending]) -> dict[str, tuple[Mending, ...]]:
    """Return mendings by the event name they correct, in order."""
    found: dict[str, tuple[Mending, ...]] = {}
    for mending in mendings:
        found[mending.event] = (*found.get(mending.event, ()), mending)
    return found


def mend(mendings: tuple[Mending, ...], source: str, name: str, properties: Values) -> str:
    """Correct properties in place and return the event's name, perhaps another."""
    for mending in mendings:
        if mending.source in {"", source}:
            for step in mending.steps:
                name = step.to if isinstance(step, RenameEvent) else _changed(step, name, properties)
    return name


def _changed(step: Rename | Drop | Cast | Default, name: str, properties: Values) -> str:
    _DO[type(step)](step, properties)
    return name


def _rename(step: Any, properties: Values) -> None:
    if step.property in properties and step.to not in properties:
        properties[step.to] = properties.pop(step.property)


def _drop(step: Any, properties: Values) -> None:
    properties.pop(step.property, None)


def _cast(step: Any, properties: Values) -> None:
    value = properties.get(step.property)
    if value is None:
        return
    if step.to in {"number", "integer"} and isinstance(value, str):
        value = plain_number(value)
    try:
        properties[step.property] = CHECKS[step.to](value)
    except Wrong:
        return  # validation names it with its path


def _default(step: Any, properties: Values) -> None:
    if properties.get(step.property) in (None, ""):
        properties[step.property] = step.value


_DO: dict[type, Callable[[Any, Values], None]] = {Rename: _rename, Drop: _drop, Cast: _cast, Default: _default}


def plain_number(written: str) -> str:
    """
    Return a number as written by people in the plain form: `1.234,50 €` becomes `1234.50`.

    The last of point and comma is the decimal sign; one that is followed by exactly three digits and is alone of its
    kind stays what its text says: a point is decimal, a comma separates thousands.
    """
    bare = "".join(sign for sign in written if sign.isdigit() or sign in ".,-")
    point, comma = bare.rfind("."), bare.rfind(",")
    if comma > point and not (point < 0 and (bare.count(",") > 1 or len(bare) - comma == 4)):
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", "")
