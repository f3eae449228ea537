"""Codes are redeemed once, however many tills try at once, on both stores."""

import threading

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.state import offers
from onevoice.adapters.state.offers import Offers
from onevoice.domain.offer import CodeRule
from tests.conftest import NOW
from tests.deliver.people import OPEN


def store(database: Database) -> Offers:
    """Return the offers of a test workspace."""
    return Offers(database, "secret")


def uses(number: int, kind: str = "unique") -> object:
    """Return an offer whose codes may be used so often."""
    return msgspec.structs.replace(OPEN, code=CodeRule(kind=kind, text="SUN26", uses=number))  # type: ignore[arg-type]


def test_holders_keep_their_codes(database: Database) -> None:
    """Issuing again gives everyone the code they have, and a newcomer a new one."""
    first = store(database).issue("o", OPEN, ["a", "b"], NOW)
    again = store(database).issue("o", OPEN, ["b", "c", "a"], NOW + 1)

    assert first == {holder: again[holder] for holder in ("a", "b")}
    assert 3 == len(set(again.values()))
    assert [("a", 0)] == [(one.holder, one.used) for one in store(database).of_holder("o", "a")]


def test_colliding_holders_get_different_codes(database: Database) -> None:
    """With codes so short that holders collide, each still gets one of their own."""
    short = msgspec.structs.replace(OPEN, code=CodeRule(length=2))
    made = store(database).issue("o", short, [str(number) for number in range(200)], NOW)

    assert 200 == len(set(made.values()))


def test_bulk_codes_are_sound_and_different(database: Database) -> None:
    """Bulk codes carry the prefix, differ, and exist in the store."""
    made = store(database).bulk("o", OPEN, 0, 500, NOW)

    assert 500 == len(set(made))
    assert all(one.startswith("FRESH-") for one in made)
    assert (500,) == database.one("SELECT count(*) FROM codes WHERE offer = 'o'")


def test_one_code_is_redeemed_once_by_many_tills(database: Database) -> None:
    """Of sixteen tills that try one code at the same moment exactly one succeeds."""
    code = store(database).issue("o", OPEN, ["a"], NOW)["a"]
    said: list[str] = []
    start = threading.Barrier(16)

    def till(number: int) -> None:
        start.wait()
        try:
            store(database).redeem(code, OPEN, f"till-{number}", f"order-{number}", NOW)
            said.append("redeemed")
        except offers.CodeUsed:
            said.append("used")
        database.close()

    threads = [threading.Thread(target=till, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert {"redeemed": 1, "used": 15} == {word: said.count(word) for word in set(said)}
    assert 1 == store(database).code(code).used


def test_repeated_request_is_one_redemption(database: Database) -> None:
    """A till that asks again under the same reference gets the same redemption, typed any way."""
    code = store(database).issue("o", OPEN, ["a"], NOW)["a"]
    first = store(database).redeem(code, OPEN, "t1", "order", NOW)

    assert first == store(database).redeem(code.lower().replace("-", " "), OPEN, "t1", "order", NOW + 1)
    assert 1 == store(database).code(code).used


def test_reservation_can_be_given_back(database: Database) -> None:
    """A reserved code is taken for others; released it is free; a committed one stays used."""
    made = store(database)
    code = made.issue("o", OPEN, ["a"], NOW)["a"]
    held = made.reserve(code, OPEN, "t1", NOW)
    with pytest.raises(offers.CodeUsed):
        made.reserve(code, OPEN, "t2", NOW)
    made.release(held.id)
    second = made.reserve(code, OPEN, "t2", NOW)
    assert "committed" == made.commit(second.id, "order", NOW).state

    assert "committed" == made.release(second.id).state
    assert 1 == made.code(code).used
    with pytest.raises(offers.RedemptionEnded, match="redeem the code again"):
        made.commit(held.id, "order", NOW)


def test_forgotten_reservation_ends(database: Database) -> None:
    """A till that vanished frees its code when its hold is over, not before; it may take it again itself."""
    made = store(database)
    code = made.issue("o", OPEN, ["a"], NOW)["a"]
    made.reserve(code, OPEN, "t1", NOW, hold=100)
    with pytest.raises(offers.CodeUsed):
        made.reserve(code, OPEN, "t2", NOW + 99)
    taken = made.reserve(code, OPEN, "t2", NOW + 100)
    made.release(taken.id)

    assert "reserved" == made.reserve(code, OPEN, "t1", NOW + 101).state
    assert 1 == made.code(code).used


def test_limits_of_uses_hold(database: Database) -> None:
    """A code for three uses works three times; a shared code without limit goes on working."""
    made, three = store(database), uses(3)
    code = made.issue("o", three, ["a"], NOW)["a"]  # type: ignore[arg-type]
    for number in range(3):
        made.redeem(code, three, f"t{number}", "", NOW)  # type: ignore[arg-type]
    with pytest.raises(offers.CodeUsed):
        made.redeem(code, three, "t9", "", NOW)  # type: ignore[arg-type]

    shared = uses(0, "shared")
    assert {"a": "SUN26", "b": "SUN26"} == made.issue("s", shared, ["a", "b"], NOW)  # type: ignore[arg-type]
    for number in range(20):
        made.redeem("sun26", shared, f"t{number}", "", NOW)  # type: ignore[arg-type]


def test_offer_outside_its_days_is_refused(database: Database) -> None:
    """Before the first and after the last day a code is refused, and an unknown code is named as such."""
    made = store(database)
    code = made.issue("o", OPEN, ["a"], NOW)["a"]
    for at in (OPEN.valid.opens_at - 1, OPEN.valid.closes_at):
        with pytest.raises(offers.OfferNotOpen):
            made.reserve(code, OPEN, "t1", at)
    with pytest.raises(offers.CodeNotFound, match="never given out"):
        made.reserve("FRESH-AAAAA", OPEN, "t1", NOW)
    assert 0 == made.code(code).used
