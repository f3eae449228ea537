"""The cases that identity systems are known to get wrong, one by one."""

import msgspec
import pytest

from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.domain.moment import DAY, HOUR
from onevoice.resolve.assertion import asserted, linked
from onevoice.resolve.attachment import attach
from onevoice.resolve.graph import Graph
from onevoice.resolve.rules import BadRules, Rules, read
from tests.resolve.histories import START, Key, event, homes, persons, replay

ANNA, BOB = ("user_id", "anna"), ("user_id", "bob")
MAIL, PHONE, CARD = ("email", "anna@example.com"), ("phone", "+4915100000001"), ("loyalty_id@till", "101")
WEB, EVIL, TABLET = ("anonymous_id", "web-1"), ("anonymous_id", "evil"), ("device_id", "tablet")
SURE, CLAIMED = Trust.VERIFIED, Trust.CLAIMED


def told(*seen: tuple[Trust, list[Key]]) -> list[Event]:
    """Return events an hour apart."""
    return [event(number, keys, trust, START + number * HOUR) for number, (trust, keys) in enumerate(seen)]


def ids(graph: Graph) -> dict[Key, str]:
    """Return the person id of every identifier."""
    return {(node.kind, node.value): node.person.id for node in graph.nodes.values() if node.person}


def test_two_logins_on_one_browser_make_three_persons() -> None:
    """A browser on which two people log in belongs to neither, in either order."""
    a, b = (CLAIMED, [ANNA, WEB]), (CLAIMED, [BOB, WEB])
    for seen in ([a, b], [b, a]):
        assert persons(replay(told(*seen, (CLAIMED, [WEB])))[0]) == {frozenset([key]) for key in (ANNA, BOB, WEB)}


def test_analytics_id_never_joins() -> None:
    """The same Google Analytics id before and after a logout joins nobody."""
    ga = ("ga_client_id", "1.2")
    graph, derived = replay(told((SURE, [ANNA, ga]), (CLAIMED, [WEB, ga])))
    assert persons(graph) == {frozenset([ANNA]), frozenset([WEB]), frozenset([ga])}
    assert derived == []


@pytest.mark.parametrize("value", ["null", "NULL", "anonymous", "0", "-1", "", "n/a", "[object Object]", "00-00"])
def test_placeholder_joins_nobody(value: str) -> None:
    """A thousand users who all share a placeholder stay a thousand persons."""
    seen = [event(n, [("user_id", value), ("email", f"p{n}@example.com")], SURE, START + n) for n in range(1_000)]
    graph, derived = replay(seen)
    assert len(persons(graph)) == 1_001
    assert derived == []


@pytest.mark.parametrize("made_up", ["+15555555555", "+4912345678", "+49999999999"])
def test_made_up_phone_joins_nobody(made_up: str) -> None:
    """Phones of repeated or sequential digits are blocked; real ones are not."""
    graph, _ = replay(told((SURE, [ANNA, ("phone", made_up)]), (SURE, [BOB, PHONE])))
    assert persons(graph) == {frozenset([ANNA]), frozenset([("phone", made_up)]), frozenset([BOB, PHONE])}


def test_couple_with_one_phone_is_a_household() -> None:
    """Two people with one phone stay two persons in one household."""
    graph, derived = replay(told((SURE, [ANNA, PHONE]), (SURE, [BOB, PHONE])))
    assert persons(graph) == {frozenset([ANNA]), frozenset([BOB, PHONE])}
    assert homes(graph) == {frozenset([ANNA, BOB, PHONE])}
    assert [made.name for made in derived].count("Household Linked") == 2


def test_phone_joins_where_name_and_birth_date_agree() -> None:
    """A phone joins the shop account and the till card of one Anna May, but not Bob's card."""
    anna = {"first_name": "Anna", "last_name": "May"}
    shop = event(1, [MAIL, PHONE], SURE, START, anna)
    till = event(2, [CARD, PHONE], SURE, START + 1)
    assert persons(replay([shop, till, event(3, [CARD], SURE, START + 2, anna)])[0]) == {frozenset([MAIL, PHONE, CARD])}
    other = event(3, [CARD], SURE, START + 2, {"first_name": "Bob", "last_name": "May"})
    assert persons(replay([shop, till, other])[0]) == {frozenset([MAIL]), frozenset([PHONE, CARD])}


def test_recycled_number_goes_to_its_newest_owner() -> None:
    """The old owner keeps the history, the new owner gets the number, even if the old history arrives late."""
    old = event(1, [ANNA, PHONE], SURE, START)
    new = event(2, [BOB, PHONE], SURE, START + 400 * DAY)
    graph, _ = replay([old, new])
    assert persons(graph) == {frozenset([ANNA]), frozenset([BOB, PHONE])}
    late = event(3, [ANNA, PHONE], SURE, START + 5 * DAY)
    anchor = attach(graph, late, graph.rules).anchor
    assert graph.nodes[anchor].value == "anna"
    assert persons(graph) == {frozenset([ANNA]), frozenset([BOB, PHONE])}


def test_gmail_spellings_are_one_mailbox() -> None:
    """Dots, a +tag and googlemail.com reach one mailbox; the same spelling elsewhere does not."""
    one, two = ("email", "john.smith+x@gmail.com"), ("email", "johnsmith@googlemail.com")
    graph, _ = replay(told((SURE, [one]), (SURE, [two])))
    assert persons(graph) == {frozenset([one, two, ("mailbox", "johnsmith@gmail.com")])}
    elsewhere = [("email", "john.smith+x@example.com"), ("email", "johnsmith@example.com")]
    assert len(persons(replay(told(*((SURE, [key]) for key in elsewhere)))[0])) == 2


@pytest.mark.parametrize("victim", [MAIL, ANNA])
def test_forged_identify_reaches_nobody(victim: Key) -> None:
    """A public key attaches at most its own browser to a known person, and joins no name of its own to it."""
    known = told((SURE, [ANNA, MAIL, PHONE]))
    mallory = ("user_id", "mallory") if victim == MAIL else ("email", "mallory@example.com")
    forged = [
        event(n, keys, CLAIMED, START - n * HOUR) for n, keys in enumerate([[victim, EVIL], [victim, mallory]], 5)
    ]
    for history in (known + forged, forged + known):
        graph, _ = replay(history)
        assert persons(graph) == {frozenset([ANNA, MAIL, PHONE, EVIL]), frozenset([mallory])}


def test_forged_flood_takes_nothing_from_a_known_person() -> None:
    """Six hundred forged browsers and names around a victim leave the verified person as it was."""
    known = told((SURE, [ANNA, MAIL, PHONE]))
    forged = [event(n, [ANNA, ("anonymous_id", f"evil-{n}")], CLAIMED, START + n) for n in range(1, 600)]
    forged += [event(600 + n, [("user_id", f"evil-{n}"), PHONE], CLAIMED, START + n) for n in range(20)]
    graph, _ = replay([*known, *forged])
    assert frozenset([ANNA, MAIL, PHONE]) in persons(graph)


def test_alias_joins_only_what_may_join() -> None:
    """A forged alias of two known people joins nobody; one of a browser and its user does."""
    seen = told((SURE, [ANNA, MAIL]), (SURE, [BOB]), (CLAIMED, [BOB, ANNA]), (CLAIMED, [BOB, WEB]))
    aliases = [*seen[:2], *(event(9 + n, [i.key for i in one.identifiers], CLAIMED, START, type_="alias")
                            for n, one in enumerate(seen[2:]))]  # fmt: skip
    assert persons(replay(aliases)[0]) == {frozenset([ANNA, MAIL]), frozenset([BOB, WEB])}


def test_mailbox_stays_with_its_first_owner() -> None:
    """A second user with the mailbox of a first is a second person; the mailbox stays with the first."""
    graph, _ = replay(told((SURE, [ANNA, MAIL]), (SURE, [BOB, MAIL])))
    assert persons(graph) == {frozenset([ANNA, MAIL]), frozenset([BOB])}


def test_split_restores_what_a_merge_joined() -> None:
    """Saying that two are not the same gives both back as they were, ids included, and old events do not join them."""
    apart = told((SURE, [ANNA, WEB]), (SURE, [CARD, MAIL]))
    join = event(7, [ANNA, CARD], SURE, START + 9 * HOUR)
    before, _ = replay(apart)
    graph, derived = replay([*apart, join])
    assert len(persons(graph)) == 1
    survivor = ids(before)[ANNA]
    assert [made.name for made in derived] == ["Person Merged"]
    assert derived[0].properties["survivor"] == survivor
    assert derived[0].properties["absorbed"] == [ids(before)[CARD]]
    assert set(ids(graph).values()) == {survivor}
    word = asserted(ANNA, CARD, "not_same", now=START + 10 * HOUR, actor="ada")
    split = attach(graph, word, graph.rules).derived
    assert [made.name for made in split] == ["Person Split"]
    assert split[0].properties["reasons"] == ["not_same"]
    assert ids(graph) == ids(before)
    for again in (*apart, join, join):
        assert attach(graph, again, graph.rules).derived == ()
    assert ids(graph) == ids(before)
    back = asserted(ANNA, CARD, "withdrawn", now=START + 11 * HOUR, actor="ada")
    assert [made.name for made in attach(graph, back, graph.rules).derived] == ["Person Merged"]


def test_an_earlier_word_does_not_undo_a_later_one() -> None:
    """Of two human words on one pair the later holds, whichever arrives first."""
    yes = asserted(ANNA, CARD, "same", now=START, actor="ada")
    no = asserted(ANNA, CARD, "not_same", now=START + 1, actor="ben")
    for words in ([yes, no], [no, yes]):
        assert persons(replay(words)[0]) == {frozenset([ANNA]), frozenset([CARD])}


def test_a_human_may_join_two_users() -> None:
    """What a person says outranks even that nobody has two user ids."""
    graph, _ = replay([asserted(ANNA, BOB, "same", now=START, actor="ada")])
    assert persons(graph) == {frozenset([ANNA, BOB])}


@pytest.mark.parametrize("source", ["", "3f0c2a9b1d4e", "import"])
def test_word_that_did_not_come_from_the_house_is_no_word(source: str) -> None:
    """An event of that name sent through a key, even a secret one, asserts nothing."""
    word = asserted(ANNA, BOB, "same", now=START, actor="mallory")
    seen = told((SURE, [ANNA]), (SURE, [BOB]))
    graph, _ = replay([*seen, msgspec.structs.replace(word, source=source)])
    assert persons(graph) == {frozenset([ANNA]), frozenset([BOB])}


def test_linkage_joins_from_its_threshold_on() -> None:
    """A likeness of 0.96 joins, one of 0.94 does not, and a later look replaces an earlier one."""
    seen = told((SURE, [ANNA]), (SURE, [CARD]))
    sure = linked([(ANNA, CARD, 0.96)], now=START + DAY, model="m1")
    doubt = linked([(ANNA, CARD, 0.94)], now=START + 2 * DAY, model="m1")
    assert len(persons(replay([*seen, sure])[0])) == 1
    assert len(persons(replay([*seen, doubt])[0])) == 2
    assert len(persons(replay([*seen, doubt, sure])[0])) == 2


def test_receipts_vouch_for_nobody() -> None:
    """An e-mail that was delivered to a claimed address does not make its owner known."""
    claim = event(1, [ANNA, MAIL], CLAIMED, START)
    receipt = Event(
        id="r1", name="Email Delivered", occurred_at=START, received_at=START,
        identifiers=event(2, [MAIL], SURE, START).identifiers,
    )  # fmt: skip
    graph, _ = replay([claim, receipt])
    assert persons(graph) == {frozenset([ANNA, MAIL])}


def test_event_that_names_only_a_placeholder_keeps_its_anchor() -> None:
    """An event anchors at its strongest real identifier, or at the placeholder if it has no other."""
    graph = Graph()
    null = ("user_id", "null")
    with_browser = attach(graph, event(1, [null, WEB], CLAIMED, START), graph.rules)
    alone = attach(graph, event(2, [null], CLAIMED, START), graph.rules)
    assert graph.nodes[with_browser.anchor].value == "web-1"
    assert graph.nodes[alone.anchor].value == "null"


def test_too_large_a_join_waits_for_a_human() -> None:
    """Groups that would exceed the limit stay apart, tell so once, and join when a person says so."""
    rules = Rules(max_component=4)
    cards = [(f"loyalty_id@s{n}", f"card-{n}") for n in range(6)]
    chain = [event(n, [cards[n], cards[n + 1]], SURE, START + n) for n in (0, 1, 3, 4, 2)]
    graph, derived = replay(chain, rules)
    assert persons(graph) == {frozenset(cards[:3]), frozenset(cards[3:])}
    assert [made.name for made in derived] == ["Identity Merge Held"]
    word = asserted(cards[2], cards[3], "same", now=START + 9, actor="ada")
    assert [made.name for made in attach(graph, word, rules).derived] == ["Person Merged"]
    assert persons(graph) == {frozenset(cards)}


def test_rules_document_changes_only_what_it_names() -> None:
    """A kind given in part keeps its other defaults; a wrong name is refused."""
    rules = read({"kinds": {"email": {"limit": 9}}, "own": ["+4930123"]})
    assert (rules.kind("email").limit, rules.kind("email").contest) == (9, "first")
    assert rules.kind("loyalty_id@till").unique
    with pytest.raises(BadRules, match="limits"):
        read({"kinds": {"email": {"limits": 9}}})
