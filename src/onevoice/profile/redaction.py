"""Finding a person in texts and taking them out, whatever case or escape their identifiers are written in."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from onevoice.domain.erasure import Target

#: An identifier shorter than this is part of too many other texts to be looked for.
SHORTEST = 6
#: Line ends and tabs as JSON writes them: their letter is no part of the next word.
ESCAPES = re.compile(r"\\[nrtbf]")
#: What stands in place of what was taken out.
GONE = "[erased]"


def needles(target: Target) -> list[str]:
    """Return the texts to look for, in lower case: identifiers that are long enough, and ids of the person."""
    values = {one.value for one in target.identifiers} | set(target.persons)
    return sorted({value.lower() for value in values if len(value) >= SHORTEST})


def spellings(found: Iterable[str]) -> list[str]:
    """Return texts as they are and as JSON may escape them."""
    plain = list(found)
    return list(dict.fromkeys([*plain, *(json.dumps(one)[1:-1].lower() for one in plain)]))


@lru_cache(maxsize=64)
def pattern(wanted: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds one of the texts standing by itself: ann@ is not in joann@, nor 1234567 in 91234567."""
    texts = "|".join(map(re.escape, spellings(wanted))) or r"(?!)"
    return re.compile(rf"(?<![a-z0-9._%+-])(?:{texts})(?![a-z0-9])", re.IGNORECASE)


def mentions(body: bytes | str, wanted: Iterable[str]) -> bool:
    """Tell whether a text or bytes mention one of the texts."""
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    return pattern(tuple(wanted)).search(ESCAPES.sub(" ", text)) is not None


def redacted(value: Any, wanted: list[str], keys: set[tuple[str, str]]) -> Any:
    """Return a JSON value without the person: their identifiers leave lists, their texts are replaced."""
    return _walk(value, pattern(tuple(wanted)), keys)


def _walk(value: Any, found: re.Pattern[str], keys: set[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        return found.sub(GONE, value)
    if isinstance(value, list):
        return [_walk(one, found, keys) for one in value if not _names(one, keys)]
    if isinstance(value, Mapping):
        return {found.sub(GONE, str(name)): _walk(one, found, keys) for name, one in value.items()}
    return value


def _names(value: Any, keys: set[tuple[str, str]]) -> bool:
    return isinstance(value, Mapping) and (value.get("kind"), value.get("value")) in keys


def remainder(body: bytes, wanted: list[str]) -> bytes:
    """Return an acknowledged body without the items that mention the person; empty if nothing else is left."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b""
    if isinstance(said, list):
        kept = _without(said, wanted)
        return msgspec.json.encode(kept) if kept else b""
    if isinstance(said, dict) and isinstance(said.get("batch"), list):
        kept = _without(said["batch"], wanted)
        rest = {**said, "batch": kept}
        return msgspec.json.encode(rest) if kept and not mentions(msgspec.json.encode(rest), wanted) else b""
    return b""


def _without(items: list[Any], wanted: list[str]) -> list[Any]:
    return [one for one in items if not mentions(msgspec.json.encode(one), wanted)]
