"""The sample brief in every medium, as output bytes and as their reading."""

from functools import lru_cache

from onevoice.adapters.typesetting import Typesetter
from onevoice.compose import extraction
from onevoice.compose.extraction import Reading
from onevoice.compose.kit import Kit
from onevoice.compose.media import email, postcard, sms
from onevoice.deliver.channels.smtp import Smtp
from onevoice.domain.rendering import Addressee
from tests.conftest import NOW


@lru_cache
def typesetter() -> Typesetter:
    """Return one typesetter for all tests; loading fonts takes a moment."""
    return Typesetter()


def eml(kit: Kit, to: Addressee) -> bytes:
    """Return the message as it is sent."""
    return Smtp(sender="x@example.com").envelope(email.compile_brief(kit).letter(to), at=NOW).data


def segments(kit: Kit, to: Addressee) -> tuple[list[bytes], str]:
    """Return the segments as they go over the air."""
    coded = sms.code(sms.compile_brief(kit).letter(to).text)
    return [sms.encode(part, coded.coding) for part in coded.parts], coded.coding


def card(kit: Kit, to: Addressee) -> bytes:
    """Return the printed card as PDF."""
    page = postcard.compile_brief(kit).letter(to).page
    return typesetter().pdf(postcard.layout(), [page], postcard.measures())


def reading(kit: Kit, to: Addressee, medium: str) -> Reading:
    """Return what a medium's output says."""
    if medium == "email":
        return extraction.read_email(eml(kit, to))
    if medium == "sms":
        return extraction.read_sms(*segments(kit, to))
    return extraction.read_postcard(card(kit, to))
