"""Coupon codes cannot be guessed, and a slip of the tongue is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.compose import codes

BODIES = st.text(st.sampled_from(codes.ALPHABET), min_size=4, max_size=14)


@given(BODIES, st.data())
def test_every_wrong_character_is_noticed(body: str, data: st.DataObject) -> None:
    """Replacing any one character by another breaks the check."""
    code = body + codes.check_character(body)
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([one for one in codes.ALPHABET if one != code[at]]))

    assert codes.is_sound(code)
    assert not codes.is_sound(code[:at] + other + code[at + 1 :])


@given(BODIES, st.data())
def test_every_swap_of_neighbours_is_noticed(body: str, data: st.DataObject) -> None:
    """Swapping two different neighbours breaks the check."""
    code = body + codes.check_character(body)
    at = data.draw(st.integers(0, len(code) - 2))
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]

    assert (code == swapped) == codes.is_sound(swapped)


def test_a_holder_always_gets_the_same_code() -> None:
    """The same secret, offer and holder give one code; another holder, offer, secret or attempt gives another."""
    code = codes.mint(b"secret", "spring", "person-1")

    assert code == codes.mint(b"secret", "spring", "person-1")
    others = [
        codes.mint(b"secret", "spring", "person-2"),
        codes.mint(b"secret", "summer", "person-1"),
        codes.mint(b"other", "spring", "person-1"),
        codes.mint(b"secret", "spring", "person-1", attempt=1),
    ]
    assert 5 == len({code, *others})


def test_codes_spread_over_the_alphabet() -> None:
    """Every character is equally likely in every place: chi-square of 20,000 codes stays below its 0.1 % bound."""
    made = [codes.mint(b"secret", "spring", str(number)) for number in range(20_000)]
    expected = len(made) / 32
    for at in range(10):
        counts = [sum(code[at] == one for code in made) for one in codes.ALPHABET]
        assert sum((count - expected) ** 2 / expected for count in counts) < 61.1  # 31 degrees of freedom

    assert len(made) == len(set(made))


@given(BODIES)
def test_read_aloud_and_typed_again(body: str) -> None:
    """Hyphens, lower case, and O for 0 or l for 1 lead to the same code."""
    code = "FRESH" + body + codes.check_character(body)
    typed = codes.shown(code, "FRESH").lower().replace("0", "o").replace("1", "l")

    assert code == codes.read(typed, "FRESH")


def test_a_mistyped_code_is_refused() -> None:
    """A wrong check character raises, and says to read the code again."""
    with pytest.raises(codes.BadCode, match="read it again"):
        codes.read("FRESH-AAAAA-AAAAA-B", "FRESH")
