"""Template tags: icons, assets, and the few ways in which the console writes moments, money and names."""

import hashlib
import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec
from django import template
from django.utils import formats, timezone
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from onevoice.console.shell.assets import address
from onevoice.console.shell.words import CHANNEL_ICONS, channel_name, kind_icon, kind_name
from onevoice.domain.moment import to_datetime
from onevoice.domain.money import MICROS

register = template.Library()
HUES = 8
COMPACT = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of one of the console's files."""
    return address(name)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Return a picture that says nothing to a screen reader; the text beside it does."""
    sprite = address("vendor/tabler-icons/sprite.svg")
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', extra, sprite, name
    )


@register.simple_tag
def channel(name: str) -> SafeString:
    """Return a channel as a small coloured mark with its name."""
    return format_html(
        '<span class="channel channel-{}">{}{}</span>', name, icon(channel_icon(name)), channel_name(name)
    )


@register.filter
def channel_icon(name: str) -> str:
    """Return the icon of a channel."""
    return CHANNEL_ICONS.get(name, "plug")


@register.filter
def channel_called(name: str) -> str:
    """Return a channel's name in the reader's language."""
    return channel_name(name)


@register.filter
def kind_called(kind: str) -> str:
    """Return the name of a kind of identifier in the reader's language."""
    return kind_name(kind)


@register.filter
def kind_drawn(kind: str) -> str:
    """Return the icon of a kind of identifier."""
    return kind_icon(kind)


@register.filter
def moment(at: int | None) -> SafeString | str:
    """Return a moment as date and time in the company's zone."""
    if not at:
        return "–"
    local = timezone.localtime(to_datetime(at))
    text = f"{formats.date_format(local, 'j M Y')}, {formats.date_format(local, 'H:i')}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), text)


@register.filter
def day(at: int | None) -> SafeString | str:
    """Return a moment as a date in the company's zone."""
    if not at:
        return "–"
    local = timezone.localtime(to_datetime(at))
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), formats.date_format(local, "j M Y"))


@register.filter
def clock(at: int) -> SafeString:
    """Return a moment as the time of its day."""
    local = timezone.localtime(to_datetime(at))
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), formats.date_format(local, "H:i")
    )


@register.filter
def ago(at: int | datetime | None) -> SafeString | str:
    """Return how long ago a moment was, with the exact time for who points at it."""
    if not at:
        return _("never")
    then = at if isinstance(at, datetime) else to_datetime(at)
    present = datetime.now(UTC)
    text = _("just now") if (present - then).total_seconds() < 60 else _("%s ago") % timesince(then, present, depth=1)
    local = timezone.localtime(then)
    exact = f"{formats.date_format(local, 'j M Y')}, {formats.date_format(local, 'H:i')}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, text)


@register.filter
def number(value: Any) -> str:
    """Return a whole number with its thousands apart."""
    return formats.number_format(int(value or 0), force_grouping=True)


@register.filter
def compact(value: Any) -> str:
    """Return a number in at most four characters: 1.4M, 12k, 950."""
    amount = float(value or 0)
    for size, letter in COMPACT:
        if abs(amount) >= size:
            scaled = amount / size
            return f"{scaled:.0f}{letter}" if abs(scaled) >= 100 else f"{scaled:.1f}".removesuffix(".0") + letter
    return formats.number_format(amount, 0)


@register.filter
def money(micros: int | None, currency: str = "") -> str:
    """Return an amount of micros with its currency."""
    amount = formats.number_format((micros or 0) / MICROS, 2, force_grouping=True)
    return f"{amount}\N{NO-BREAK SPACE}{currency}" if currency else amount


@register.filter
def percent(share: float | None) -> str:
    """Return a share of one as per cent."""
    return "–" if share is None else f"{formats.number_format(100 * share, 1)}\N{NO-BREAK SPACE}%"


@register.filter
def initials(name: str) -> str:
    """Return one or two letters that stand for a name."""
    words = [word for word in str(name).split("@")[0].replace(".", " ").split() if word[:1].isalnum()]
    letters = (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")) if words else "·"
    return unicodedata.normalize("NFC", letters).upper()


@register.filter
def hue(text: str) -> int:
    """Return one of the avatar colours, always the same for the same text."""
    return hashlib.sha256(str(text).encode()).digest()[0] % HUES


@register.filter
def chart_json(chart: Any) -> SafeString:
    """Return a chart's numbers as JSON that a script reads; characters that could end the element are escaped."""
    return json_script(msgspec.to_builtins(chart), f"data-{chart.key}")


@register.filter
def dressed(field: Any) -> SafeString:
    """Return a form field's widget in the look of the console, tied to its hint and its errors."""
    kind = "form-select" if field.widget_type == "select" else "form-control"
    attrs = {"class": kind}
    if field.errors:
        attrs["aria-describedby"] = f"{field.id_for_label}_error"
    return field.as_widget(attrs=attrs)


@register.filter
def may(member: Any, capability: str) -> bool:
    """Tell whether a member has a capability."""
    return bool(member.is_authenticated and member.may(capability))


@register.filter
def short(text: str, length: int = 60) -> str:
    """Return the beginning of a text, with dots where it was cut."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: length - 1] + "…"
