"""
E-mail: MJML compiled once for a brief, Liquid filled for each person, always with a plain text part.

The layout is one column of 600 pixels with dark mode; the limits are in `compose/limits.py`.
"""

from functools import lru_cache
from html import escape
from importlib import resources

import css_inline
import mrml
import msgspec
from liquid import BoundTemplate
from markdown_it import MarkdownIt

from onevoice.compose import wording
from onevoice.compose.kit import Kit
from onevoice.compose.personal import BadTemplate, fill, template
from onevoice.compose.slots import Slots
from onevoice.domain.brand import Sender
from onevoice.domain.rendering import Addressee, Letter

SLUG = "email"
MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False})
INLINER = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)


class Email(msgspec.Struct, frozen=True, kw_only=True):
    """A brief as an e-mail."""

    kit: Kit
    subject: BoundTemplate
    html: BoundTemplate
    text: BoundTemplate
    sender: Sender

    def letter(self, to: Addressee) -> Letter:
        """Address it to one person."""
        values = {**self.kit.values(to), "unsubscribe": to.unsubscribe, "pixel": to.pixel}
        return Letter(
            medium=SLUG,
            piece=to.piece,
            to=to.to,
            name=to.name,
            sender=self.sender.name,
            sender_address=self.sender.address,
            reply_to=self.sender.reply_to,
            subject=" ".join(fill(self.subject, values).split()),
            text=fill(self.text, values),
            html=fill(self.html, values),
            headers=self._list_headers(to),
            code=to.code,
            link=to.link,
        )

    def _list_headers(self, to: Addressee) -> dict[str, str]:
        """One-click unsubscribe (RFC 8058) and the list's name (RFC 2919)."""
        if not to.unsubscribe:
            return {}
        domain = self.sender.address.rpartition("@")[2] or "localhost"
        return {
            "List-Unsubscribe": f"<{to.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"{self.kit.brand.title} <news.{domain}>",
        }


def compile_brief(kit: Kit) -> Email:
    """
    Compile the brief once.

    Raises:
        BadTemplate: The words hold wrong Liquid, or the layout cannot be compiled.
    """
    facts = kit.facts()
    return Email(
        kit=kit,
        subject=template(kit.brief.words(SLUG).subject, facts),
        html=template(html_of(kit), facts, markup=True),
        text=template(text_of(kit), facts),
        sender=kit.brand.senders.get(SLUG, Sender(name=kit.brand.title)),
    )


def html_of(kit: Kit) -> str:
    """Return the whole HTML with its Liquid still in it."""
    slots = Slots()
    mjml = _fill(_layout("email.mjml"), {**_look(kit), **_parts(kit, slots)})
    try:
        compiled = mrml.to_html(mjml).content
        return slots.show(INLINER.inline(compiled))
    except (OSError, ValueError, css_inline.InlineError) as error:
        raise BadTemplate(f"The e-mail layout cannot be compiled: {error}.") from error


def text_of(kit: Kit) -> str:
    """Return the plain text part with its Liquid still in it."""
    words, facts = kit.brief.words(SLUG), kit.facts()
    offer = f"{facts['offer']['text']} {facts['offer']['minimum']}".strip()
    blocks = [
        words.headline,
        "\n".join((offer.upper() if kit.locale.startswith("en") else offer, wording.until_text(kit.offer, kit.locale))),
        words.body.strip(),
        "\n".join(_price_line(kit, price) for price in facts["prices"]),
        f"{wording.phrase('code', kit.locale)}: {{{{ code }}}}" if kit.offer.code else "",
        f"{words.verb}: {{{{ link }}}}",
        "\n".join((kit.terms, kit.brief.terms.url)).strip(),
        "-- \n" + "\n".join(_footer(kit)),
        f"{wording.phrase('unsubscribe', kit.locale)}: {{{{ unsubscribe }}}}",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _price_line(kit: Kit, price: dict[str, str]) -> str:
    was = f" ({wording.phrase('was', kit.locale).format(price['was'])})" if price["was"] else ""
    return f"{price['product']}: {price['now']} {price['unit']}".rstrip() + was


def _footer(kit: Kit) -> list[str]:
    region = wording.locale_of(kit.locale).territory or "*"
    why = wording.phrase("why", kit.locale).format(kit.brand.title)
    return [why, *kit.brand.lines(region), ", ".join(kit.brand.address)]


@lru_cache
def _layout(name: str) -> str:
    return (resources.files("onevoice.compose") / "layouts" / name).read_text(encoding="utf-8")


def _fill(layout: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        layout = layout.replace(f"[[{name}]]", value)
    return layout


def _look(kit: Kit) -> dict[str, str]:
    return {name: escape(value, quote=True) for name, value in msgspec.structs.asdict(kit.palette).items()}


def _parts(kit: Kit, slots: Slots) -> dict[str, str]:
    words, facts = kit.brief.words(SLUG), kit.facts()

    def said(text: str) -> str:
        return escape(slots.hide(text))

    return {
        "lang": kit.locale,
        "title": said(words.subject),
        "preheader": said(words.preheader or f"{facts['offer']['text']} · {wording.until_text(kit.offer, kit.locale)}"),
        "logo": escape(kit.brand.logo.text),
        "headline": said(words.headline),
        "offer": escape(facts["offer"]["text"]),
        "minimum": escape(facts["offer"]["minimum"]),
        "until": escape(wording.until_text(kit.offer, kit.locale)),
        "words": MARKDOWN.render(slots.hide(words.body)),
        "prices": "".join(_price_row(kit, price) for price in facts["prices"]),
        "code": _code_box(kit, slots),
        "verb": said(words.verb),
        "link": slots.hide("{{ link }}"),
        "terms": escape(kit.terms),
        "terms_link": _terms_link(kit),
        "footer": "<br />".join(escape(line) for line in _footer(kit) if line),
        "unsubscribe": slots.hide("{{ unsubscribe }}"),
        "unsubscribe_word": escape(wording.phrase("unsubscribe", kit.locale)),
        "pixel": slots.hide("{{ pixel }}"),
    }


def _code_box(kit: Kit, slots: Slots) -> str:
    if kit.offer.code is None:
        return ""
    label, code = escape(wording.phrase("code", kit.locale)), slots.hide("{{ code }}")
    return _fill(_layout("email-code.mjml"), {**_look(kit), "label": label, "value": code})


def _price_row(kit: Kit, price: dict[str, str]) -> str:
    was = wording.phrase("was", kit.locale).format(price["was"]) if price["was"] else ""
    values = {name: escape(value) for name, value in {**price, "was": was}.items()}
    return _fill(_layout("email-price.mjml"), {**_look(kit), **values})


def _terms_link(kit: Kit) -> str:
    url = escape(kit.brief.terms.url, quote=True)
    return f' <a class="quiet" href="{url}">{escape(wording.phrase("terms", kit.locale))}</a>' if url else ""
