"""Texts with holes, as schemas write them: `sale:{context.store.id}:{business_date}`."""

import re
from collections.abc import Callable
from typing import Any

Values = dict[str, Any]
Getter = Callable[[Values, Values], str]

#: A hole: one path, or several with `|` between them of which the first that is filled counts.
HOLE = re.compile(r"\{([a-zA-Z0-9_.|]+)\}")


def text(value: object) -> str:
    """Return a scalar as trimmed text, whole floats without their point; anything else is empty."""
    if type(value) is str:
        return value.strip().replace("\0", "")
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else ""


def find(path: tuple[str, ...], values: object) -> Any:
    """Return what lies at a path of nested objects, or None."""
    for name in path:
        if not isinstance(values, dict):
            return None
        values = values.get(name)
    return values


class Place:
    """Where a schema path leads: `context.store.id` into the context, anything else into the properties."""

    __slots__ = ("in_context", "name", "path", "told")

    def __init__(self, told: str) -> None:
        self.told = told
        self.in_context = told.startswith("context.")
        self.path = tuple(told.split(".")[1 if self.in_context else 0 :])
        self.name = told if len(self.path) == 1 and not self.in_context else ""

    def look(self, properties: Values, context: Values) -> Any:
        """Return what is there, or None."""
        if self.name:
            return properties.get(self.name)
        return find(self.path, context if self.in_context else properties)


def places(told: str) -> tuple[Place, ...]:
    """Return where a path leads, or several with `|` between them."""
    return tuple(Place(path) for path in told.split("|"))


def escaped(value: str) -> str:
    """Return a value whose own colons cannot be taken for the template's."""
    if ":" in value or "%" in value:
        return value.replace("%", "%25").replace(":", "%3A")
    return value


class Template:
    """A compiled template; it is empty as soon as one of its holes is."""

    __slots__ = ("holes", "pieces", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        parts = HOLE.split(source)
        self.pieces = tuple(parts[0::2])
        self.holes = tuple(places(hole) for hole in parts[1::2])

    def fill(self, properties: Values, context: Values) -> str:
        """Return the text, or "" if a hole stays empty; colons inside values are escaped."""
        made = self.pieces[0]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            value = self._value(hole, properties, context)
            if not value:
                return ""
            made += escaped(value) + piece
        return made

    def value(self, properties: Values, context: Values) -> str:
        """Return the text; a template that is one hole and nothing else keeps the value as it is."""
        if self.pieces == ("", ""):
            return self._value(self.holes[0], properties, context)
        return self.fill(properties, context)

    @staticmethod
    def _value(hole: tuple[Place, ...], properties: Values, context: Values) -> str:
        for place in hole:
            value = place.look(properties, context)
            if value is not None and (found := text(value)):
                return found
        return ""
