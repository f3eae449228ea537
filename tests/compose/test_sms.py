"""Text messages are coded and counted as networks do it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.compose.media import sms
from tests.compose.samples import ANNA, sample

GSM = [character for character in sms.BASIC + "".join(sms.EXTENSION) if character != "\x1b"]


@pytest.mark.parametrize(
    ("text", "coding", "units", "segments"),
    [
        ("a" * 160, "gsm-7", 160, 1),
        ("a" * 161, "gsm-7", 161, 2),
        ("a" * 306, "gsm-7", 306, 2),
        ("a" * 307, "gsm-7", 307, 3),
        ("€" * 80, "gsm-7", 160, 1),
        ("€" * 81, "gsm-7", 162, 2),
        ("a" * 152 + "€" + "a" * 10, "gsm-7", 164, 2),
        ("ł", "ucs-2", 1, 1),
        ("ł" * 70, "ucs-2", 70, 1),
        ("ł" * 71, "ucs-2", 71, 2),
        ("ł" * 134, "ucs-2", 134, 2),
        ("ł" * 135, "ucs-2", 135, 3),
        ("🙂" * 35, "ucs-2", 70, 1),
        ("🙂" * 36, "ucs-2", 72, 2),
    ],
)
def test_golden_counts(text: str, coding: str, units: int, segments: int) -> None:
    """Counts match 3GPP TS 23.038 and 23.040: 160/153 septets, 70/67 units, two septets for the extension table."""
    coded = sms.code(text)

    assert (coding, units, segments) == (coded.coding, coded.units, coded.segments)


def test_golden_bytes() -> None:
    """Known characters have the codes of the standard's tables."""
    assert bytes([0x00, 0x41, 0x61, 0x5B, 0x1B, 0x65, 0x1B, 0x3C, 0x10, 0x7F]) == sms.encode("@AaÄ€[Δà", "gsm-7")


def test_escape_pair_is_never_split() -> None:
    """A two-septet character that would straddle a segment's end moves into the next."""
    coded = sms.code("a" * 152 + "€" + "a" * 10)

    assert ("a" * 152, "€" + "a" * 10) == coded.parts


def test_surrogate_pair_is_never_split() -> None:
    """An emoji that would straddle a segment's end moves into the next."""
    coded = sms.code("ł" * 66 + "🙂" + "ł" * 10)

    assert ("ł" * 66, "🙂" + "ł" * 10) == coded.parts


@given(st.one_of(st.text(st.sampled_from(GSM)), st.text(st.characters(codec="utf-16-be"))))
def test_segments_say_what_was_written(text: str) -> None:
    """Encoding and decoding every segment gives the text back, and no segment is too long."""
    coded = sms.code(text)
    assert text == "".join(sms.decode(sms.encode(part, coded.coding), coded.coding) for part in coded.parts)
    if coded.segments > 1:
        sizes = [len(sms.encode(part, coded.coding)) for part in coded.parts]
        assert max(sizes) <= (153 if coded.coding == "gsm-7" else 2 * 67)


def test_letter_stays_in_the_cheap_alphabet() -> None:
    """Typographic quotes and spaces of the words become plain ones, so the message is not paid for twice."""
    kit = sample(headline="It’s “ripe” – at last…")
    text = sms.compile_brief(kit).letter(ANNA).text

    assert 'Harvest & Hearth: It\'s "ripe" - at last...' == text.splitlines()[0]
    assert "gsm-7" == sms.code(text).coding
