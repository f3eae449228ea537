"""
Design tokens become the palette that every medium draws with.

Format: Design Tokens Format Module 2025.10 (Community Group report): `$value`, aliases `{a.b}`, colours as hex text or
as an object with `colorSpace`, `components` and `hex`. Contrast: WCAG 2.2, success criterion 1.4.3.
"""

import re
from typing import Any

import msgspec

from onevoice.domain.brand import Brand
from onevoice.domain.errors import BadInput

HEX = re.compile(r"#[0-9a-fA-F]{6}")
DEPTH = 8  #: aliases of aliases are followed this far

DEFAULTS = {
    "color.ink": "#1f2430",
    "color.paper": "#ffffff",
    "color.wash": "#f4f5f7",
    "color.muted": "#5b6472",
    "color.line": "#dfe3e8",
    "color.primary": "#1d4ed8",
    "color.on-primary": "#ffffff",
    "color.accent": "#b45309",
    "color.dark.ink": "#f1f3f5",
    "color.dark.paper": "#16191f",
    "color.dark.muted": "#a9b1bd",
    "font.heading": "Inter Display, Inter, Helvetica Neue, Helvetica, Arial, sans-serif",
    "font.body": "Inter, Helvetica Neue, Helvetica, Arial, sans-serif",
}


class BadToken(BadInput):
    """A design token cannot be read."""


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that media use, resolved."""

    ink: str
    paper: str
    wash: str
    muted: str
    line: str
    primary: str
    on_primary: str
    accent: str
    dark_ink: str
    dark_paper: str
    dark_muted: str
    heading: str
    body: str


def palette(brand: Brand) -> Palette:
    """
    Resolve a brand's tokens, with a calm default for each that is missing.

    Raises:
        BadToken: A colour is not six hex digits, or aliases go round in a circle; the message names the token.
    """
    found = {path: _resolve(brand.tokens, path, default) for path, default in DEFAULTS.items()}
    fields = {path.split(".", 1)[1].replace(".", "_").replace("-", "_"): value for path, value in found.items()}
    return msgspec.convert(fields, Palette)


def _resolve(tokens: dict[str, Any], path: str, default: str) -> str:
    for _ in range(DEPTH):
        value = _value(tokens, path)
        if value is None:
            return default
        if isinstance(value, str) and value.startswith("{"):
            path = value.strip("{}")
            continue
        return _colour(path, value) if path.startswith("color.") else _font(value)
    raise BadToken(f"tokens.{path}: its aliases go round in a circle; give one of them a $value.")


def _value(tokens: dict[str, Any], path: str) -> Any:
    at: Any = tokens
    for part in path.split("."):
        if not isinstance(at, dict) or part not in at:
            return None
        at = at[part]
    return at.get("$value") if isinstance(at, dict) else None


def _colour(path: str, value: Any) -> str:
    text = value.get("hex", "") if isinstance(value, dict) else value
    if not isinstance(text, str) or not HEX.fullmatch(text):
        raise BadToken(f"tokens.{path}: {value!r} is no colour; write six hex digits, such as #1d4ed8.")
    return text.lower()


def _font(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2, definition of relative luminance)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, between 1 and 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
