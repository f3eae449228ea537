"""What little identity needs to know of a person's name and birth date, to tell a couple from one customer."""

import unicodedata
from collections.abc import Mapping
from typing import Any

#: Traits, as SDKs spell them, to the letter that marks them.
TRAITS = {
    "first_name": "g",
    "firstName": "g",
    "firstname": "g",
    "given_name": "g",
    "last_name": "f",
    "lastName": "f",
    "lastname": "f",
    "family_name": "f",
    "birthday": "b",
    "birth_date": "b",
    "birthDate": "b",
    "date_of_birth": "b",
}
#: Most marks kept for one identifier; the alphabetically first ones, so that order does not matter.
MOST = 12


def marks_of(traits: Mapping[str, Any]) -> frozenset[str]:
    """Return the marks in an event's traits: `g:anna`, `f:meyer`, `b:1980-05-01`."""
    found = set()
    for name, value in traits.items():
        letter = TRAITS.get(name)
        if letter is not None and isinstance(value, str) and (text := plain(value)):
            found.add(f"{letter}:{text[:10] if letter == 'b' else text[:40]}")
    return frozenset(found)


def plain(text: str) -> str:
    """Return text in lower case without accents or outer blanks."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).strip().casefold()


def merged(old: frozenset[str], new: frozenset[str]) -> frozenset[str]:
    """Return both sets, bounded."""
    return frozenset(sorted(old | new)[:MOST])


def agree(a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether two people look like one: the same birth date, or given names and surnames that match."""
    if _all(a, "b") & _all(b, "b"):
        return True
    if not _all(a, "g") & _all(b, "g"):
        return False
    surnames = _all(a, "f"), _all(b, "f")
    return not all(surnames) or bool(surnames[0] & surnames[1])


def conflict(a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether two people cannot be one: other birth dates, or given names without a shared initial."""
    births = _all(a, "b"), _all(b, "b")
    if all(births):
        return not births[0] & births[1]
    initials = {name[:3] for name in _all(a, "g")}, {name[:3] for name in _all(b, "g")}
    return all(initials) and not initials[0] & initials[1]


def _all(marks: frozenset[str], letter: str) -> frozenset[str]:
    return frozenset(mark for mark in marks if mark[0] == letter)
