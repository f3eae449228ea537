"""
Postcards: front and back as data for one Typst layout, with bleed, a personal QR code and a clear address block.

Sizes: `compose/limits.py` (Lob 4x6 artwork). QR: ISO/IEC 18004 through segno, level M, with its quiet zone.
"""

import io
from importlib import resources
from typing import Any

import msgspec
import segno
from liquid import BoundTemplate

from onevoice.compose import wording
from onevoice.compose.kit import Kit
from onevoice.compose.limits import limit
from onevoice.compose.personal import fill, template
from onevoice.compose.prose import blocks
from onevoice.domain.brand import Sender
from onevoice.domain.rendering import Addressee, Letter

SLUG = "postcard"
PAGES = 2  #: pages of one piece: front, back


class Postcard(msgspec.Struct, frozen=True, kw_only=True):
    """A brief as a postcard."""

    kit: Kit
    headline: BoundTemplate
    body: BoundTemplate
    fixed: dict[str, Any]
    sender: Sender

    def letter(self, to: Addressee) -> Letter:
        """Address it to one household."""
        values = self.kit.values(to)
        page = {
            **self.fixed,
            "headline": fill(self.headline, values),
            "body": blocks(fill(self.body, values)),
            "code": to.code,
            "qr": qr(to.link),
            "address": list(to.address),
        }
        return Letter(
            medium=SLUG,
            piece=to.piece,
            to=", ".join(to.address),
            name=to.name,
            sender=self.sender.name,
            page=page,
            code=to.code,
            link=to.link,
        )


def compile_brief(kit: Kit) -> Postcard:
    """Write what is the same on every card once."""
    words, facts = kit.brief.words(SLUG), kit.facts()
    fixed = {
        "logo": kit.brand.logo.text,
        "offer": facts["offer"]["text"],
        "minimum": facts["offer"]["minimum"],
        "until": wording.until_text(kit.offer, kit.locale),
        "prices": [{**each, "was": _was(kit, each["was"])} for each in facts["prices"]],
        "label": wording.phrase("code", kit.locale),
        "scan": wording.phrase("scan", kit.locale),
        "verb": words.verb,
        "terms": kit.terms,
        "legal": [*kit.brand.lines(wording.locale_of(kit.locale).territory or "*"), ", ".join(kit.brand.address)],
        "lang": wording.locale_of(kit.locale).language,
        "look": msgspec.structs.asdict(kit.palette),
    }
    return Postcard(
        kit=kit,
        headline=template(words.headline, facts),
        body=template(words.body, facts),
        fixed=fixed,
        sender=kit.brand.senders.get("print", Sender(name=kit.brand.title)),
    )


def _was(kit: Kit, was: str) -> str:
    return wording.phrase("was", kit.locale).format(was) if was else ""


def qr(text: str) -> str:
    """Return a QR code as SVG, four modules of quiet zone around it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False, light="#ffffff")
    return out.getvalue().decode()


def layout() -> str:
    """Return the Typst layout that sets a list of pages."""
    return (resources.files("onevoice.compose") / "layouts" / "postcard.typ").read_text(encoding="utf-8")


def measures() -> dict[str, float]:
    """Return the sizes of the card in inches, for the layout and the typesetter."""
    names = ("width", "height", "bleed", "safe", "ink_free_width", "ink_free_height")
    return {name: limit(SLUG, name) for name in names}
