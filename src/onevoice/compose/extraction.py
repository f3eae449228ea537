"""Reads what a message says out of its bytes: what a reader would see, where links lead, what a scanner decodes."""

import email
import email.policy
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import msgspec
import pypdfium2
import zxingcpp

from onevoice.compose.limits import limit
from onevoice.compose.media import sms

HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
FONT_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)", re.IGNORECASE)
SILENT = frozenset({"style", "script", "title", "head", "template"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
BREAKS = frozenset({"p", "div", "tr", "li", "br", "h1", "h2", "h3", "table", "td"})
POINTS = 72


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one output says, by part (`html`, `text`, `subject`, `page 1` …), and where it leads."""

    medium: str
    parts: dict[str, str]
    links: dict[str, tuple[str, ...]] = {}  #: by part
    decoded: tuple[str, ...] = ()  #: payloads of bar codes, as another library reads them
    zone: str = ""  #: what is printed where a card must carry its address only
    size: int = 0  #: bytes, or segments for a text message
    faults: tuple[str, ...] = ()  #: what is wrong with the output itself

    @property
    def whole(self) -> str:
        """Everything that is said, in one text."""
        return "\n".join(self.parts.values())


class _Visible(HTMLParser):
    """Collects visible text and link targets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.links: list[str] = []
        self._stack: list[tuple[str, bool, bool]] = []  #: tag, hidden, set in letters of no size

    @property
    def _silent(self) -> bool:
        return bool(self._stack) and (self._stack[-1][1] or self._stack[-1][2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in BREAKS:
            self.said.append("\n")
        style, (_, above, tiny) = given.get("style") or "", self._stack[-1] if self._stack else ("", False, False)
        hidden = above or tag in SILENT or bool(HIDDEN.search(style)) or "hidden" in given
        size = FONT_SIZE.search(style)
        if tag not in VOID:
            self._stack.append((tag, hidden, float(size[1]) == 0 if size else tiny))
        if hidden:
            return
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag == "img" and given.get("alt"):
            self.said.append(given["alt"] or "")

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._stack) - 1, -1, -1):
            if self._stack[at][0] == tag:
                del self._stack[at:]
                break
        if tag in BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def tidy(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())


def visible(html: str) -> tuple[str, tuple[str, ...]]:
    """Return what a reader of HTML sees, and the links they may follow."""
    parser = _Visible()
    parser.feed(html)
    parser.close()
    return tidy("".join(parser.said)), tuple(parser.links)


def read_email(data: bytes) -> Reading:
    """Parse a whole message as its receiver does."""
    message: EmailMessage = email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    faults = [f"no {name} part" for name, part in (("html", html), ("text", text)) if part is None]
    source = html.get_content() if html else ""
    seen, links = visible(source)
    plain = text.get_content() if text else ""
    size = len(source.encode())
    if size > limit("email", "message"):
        faults.append(f"HTML of {size} bytes is clipped above {limit('email', 'message'):.0f}")
    faults += ["one-click unsubscribe headers are missing"] * (not message["List-Unsubscribe-Post"])
    return Reading(
        medium="email",
        parts={"html": seen, "text": tidy(plain), "subject": str(message["Subject"] or "")},
        links={"html": links, "text": tuple(re.findall(r"https?://\S+", plain))},
        size=size,
        faults=tuple(faults),
    )


def read_sms(parts: list[bytes], coding: str) -> Reading:
    """Decode the segments as a phone does, and join them."""
    text = "".join(sms.decode(part, coding) for part in parts)
    most = limit("sms", "segments")
    return Reading(
        medium="sms",
        parts={"text": tidy(text)},
        links={"text": tuple(re.findall(r"https?://\S+", text))},
        size=len(parts),
        faults=(f"{len(parts)} segments, at most {most:.0f}",) if len(parts) > most else (),
    )


def read_postcard(pdf: bytes, first: int = 0) -> Reading:
    """
    Read one card of a PDF: the text layer of its two pages, and the bar codes in its raster at 300 dpi.

    *first* is the page the card starts on.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [document[at] for at in range(first, min(first + 2, len(document)))]
        faults = [f"{len(pages)} pages instead of 2"] * (len(pages) != 2)
        parts = {f"page {at}": tidy(_text(page)) for at, page in enumerate(pages, 1)}
        found = [payload for page in pages[-1:] for payload in _scan(page)]
        faults += [fault for at, page in enumerate(pages, 1) for fault in _layout_faults(page, at)]
        return Reading(
            medium="postcard",
            parts=parts,
            links={"qr": tuple(found)},
            decoded=tuple(found),
            zone=_zone(pages[-1]),
            faults=tuple(faults),
        )
    finally:
        document.close()


def _text(page: Any) -> str:
    return str(page.get_textpage().get_text_range()).replace("\ufffe", "")


def _zone(page: Any) -> str:
    width, _ = page.get_size()
    bleed = limit("postcard", "bleed") * POINTS
    left = width - bleed - limit("postcard", "ink_free_width") * POINTS
    top = bleed + limit("postcard", "ink_free_height") * POINTS
    return tidy(page.get_textpage().get_text_bounded(left=left, bottom=0, right=width, top=top))


def _scan(page: Any) -> list[str]:
    raster = page.render(scale=limit("postcard", "dpi") / POINTS, grayscale=True).to_numpy()
    return [found.text for found in zxingcpp.read_barcodes(raster, formats=zxingcpp.BarcodeFormat.QRCode)]


def _layout_faults(page: Any, number: int) -> list[str]:
    width, height = page.get_size()
    inset = (limit("postcard", "bleed") + limit("postcard", "safe")) * POINTS
    wanted = tuple((limit("postcard", side) + 2 * limit("postcard", "bleed")) * POINTS for side in ("width", "height"))
    faults = []
    if abs(width - wanted[0]) > 1 or abs(height - wanted[1]) > 1:
        faults.append(f"page {number} measures {width:.0f} x {height:.0f} points")
    words = page.get_textpage()
    for at in range(words.count_rects()):
        left, bottom, right, top = words.get_rect(at)
        if left < inset - 1 or bottom < inset - 1 or right > width - inset + 1 or top > height - inset + 1:
            faults.append(f"page {number}: words leave the safe zone at {left:.0f}, {bottom:.0f}")
    return faults
