"""Personal words: strict Liquid, in which an unknown value is an error unless the writer gave a `default`."""

from collections.abc import Mapping
from typing import Any

from liquid import BoundTemplate, Environment, StrictDefaultUndefined
from liquid.exceptions import LiquidError

from onevoice.domain.errors import BadInput

_PLAIN = Environment(undefined=StrictDefaultUndefined, autoescape=False)
_MARKUP = Environment(undefined=StrictDefaultUndefined, autoescape=True)

LIKE = "person.first_name | default: 'friend'"


class BadTemplate(BadInput):
    """The personal words cannot be read."""


class Unaddressable(BadInput):
    """A value that the words need is missing for this person; give it a default."""


def template(text: str, facts: Mapping[str, Any], *, markup: bool = False) -> BoundTemplate:
    """
    Read Liquid.

    Raises:
        BadTemplate: The Liquid is wrong; the message says where.
    """
    try:
        return (_MARKUP if markup else _PLAIN).from_string(text, globals=facts)
    except LiquidError as error:
        raise BadTemplate(f"{error.message}, in the text {text[:80]!r}.") from error


def fill(words: BoundTemplate, values: Mapping[str, Any]) -> str:
    """
    Say the words to one person.

    Raises:
        Unaddressable: A value is missing and has no default.
    """
    try:
        return words.render(**values)
    except LiquidError as error:
        raise Unaddressable(f"{error.message}; give it a default, as in {{{{ {LIKE} }}}}.") from error
