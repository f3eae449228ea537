"""The list of people, one person in full, and every write to a person."""

import io
import time
import zipfile
from typing import Any

import pytest

from tests.console.seed import card_number


def eventually(look: Any, seconds: float = 5.0) -> bool:
    """Tell whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if look():
            return True
        time.sleep(0.02)
    return False


def of(workspace: Any, number: int) -> str:
    """Return the person with the card of that number."""
    return str(workspace.stores.graph.person("loyalty_id@till", card_number(number)))


@pytest.mark.parametrize("wanted", ["Ada Lovelace", "ada.lovelace0@example.com", card_number(0), "Lovelase Ada"])
def test_search_finds_by_name_address_card_and_with_a_typo(signed_in: Any, person: str, wanted: str) -> None:
    """Whatever one knows of a person leads to them."""
    page = signed_in("sales").get("/people", {"q": wanted}, headers={"HX-Request": "true"}).content.decode()

    assert f"/people/{person}" in page
    assert "<html" not in page


def test_search_without_an_answer_says_so(signed_in: Any) -> None:
    """Nobody found is said in words, with what was looked for."""
    assert b"Nobody matches" in signed_in("sales").get("/people", {"q": "zzzzqqqq"}).content


def test_list_is_paged_by_key(signed_in: Any, workspace: Any) -> None:
    """Page after page shows everybody once."""
    from onevoice.console.people import queries

    rows, after = queries.listed(queries.Sieve(), "")
    seen = [row.person for row in rows]
    paged: list[str] = []
    after = ""
    while True:
        rows, after = queries.listed(queries.Sieve(), after, size=7)
        paged += [row.person for row in rows]
        if not after:
            break

    assert seen == paged
    assert len(set(paged)) == len(paged) >= 40
    assert 400 == signed_in("sales").get("/people?after=nonsense").status_code


def test_list_is_narrowed_by_channel_and_tag(signed_in: Any, workspace: Any) -> None:
    """The address says what is asked for; a search is narrowed too, and each page after the first asks the same."""
    from onevoice.adapters.state.people import People

    everybody = People(workspace.stores.state).page(limit=500)
    browser, chosen = signed_in("owner"), of(workspace, 11)
    browser.post(f"/people/{chosen}/tag", {"tag": "sieved & kept"})
    assert eventually(lambda: "sieved & kept" in browser.get("/people").context["tags"])

    def found(**asked: str) -> set[str]:
        return {row.person for row in browser.get("/people", asked).context["rows"]}

    assert {one.person for one in everybody if "phone" in one.channels} == found(channel="phone")
    assert {chosen} == found(tag="sieved & kept")
    assert set() == found(tag="sieved & kept", q="zzzzqqqq")
    assert {chosen} >= found(tag="sieved & kept", channel="phone")
    assert found() == found(channel="no such channel")
    assert b"Nobody fits" in browser.get("/people", {"tag": "nobody's"}).content
    assert (
        "channel=phone&tag=sieved+%26+kept"
        == browser.get("/people", {"channel": "phone", "tag": "sieved & kept"}).context["sieve"].query
    )


def test_person_page_tells_what_is_known(signed_in: Any, person: str) -> None:
    """Identifiers, traits with their source, consent with its proof, and the timeline are on one page."""
    page = signed_in("analyst").get(f"/people/{person}").content.decode()

    for text in ("Ada Lovelace", card_number(0), "Loyalty card (till)", "Portland", "import,", "marketing, E-mail",
                 "signup form", "text 2026-01", "Agreed to marketing by email", "Timeline"):  # fmt: skip
        assert text in page, text
    assert "person-tag" not in page
    assert f"/people/{person}/split" not in page


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"name": "Lemons", "quantity": 6, "amount": 3.0}, ("Lemons", "6", "3.00")),
        ({"name": "Oat milk", "quantity": 2, "price": 2.49}, ("Oat milk", "2", "4.98")),
        ({"sku": "A-1"}, ("A-1", "1", "")),
    ],
)
def test_a_line_of_an_order_shows_what_it_cost_in_all(line: dict[str, Any], expected: tuple[str, ...]) -> None:
    """An amount is the line's, not one piece's; a price is multiplied."""
    from onevoice.console.people.queries import _lines

    found = _lines({"products": [line]})[0]
    assert expected == (found.name, found.quantity, found.amount)


def test_figures_of_a_person_add_up(signed_in: Any, workspace: Any, person: str) -> None:
    """Orders and revenue on the page are the sums over the person's events in the log."""
    stores = workspace.stores
    events = [one.event for one in stores.log.of_nodes(stores.graph.nodes(person), None, 1_000)]
    orders = [event for event in events if event.name == "Order Completed"]
    spent = sum(event.properties["total"] for event in orders)
    page = signed_in("sales").get(f"/people/{person}").content.decode()

    assert len(orders) > 0
    assert f"<dd>{spent:,.2f} <span" in page
    assert f"<dt>Orders</dt><dd>{len(orders)}<" in page


def test_timeline_is_filtered_by_channel_and_paged(signed_in: Any, workspace: Any) -> None:
    """A channel shows only its own events; pages follow each other without gap or repeat."""
    from onevoice.console.people import access, queries

    profile = access.profile(of(workspace, 1))
    whole = list(queries.timeline(profile, "", "").entries)
    paged, after = [], ""
    while True:
        stretch = queries.timeline(profile, after, "", size=3)
        paged += stretch.entries
        after = stretch.after
        if not after:
            break

    assert whole == paged
    assert {"web"} == {entry.channel for entry in queries.timeline(profile, "", "web").entries}
    assert 400 == signed_in("sales").get(f"/people/{profile.person}/timeline?after=x").status_code


def test_unknown_person_is_not_here(signed_in: Any) -> None:
    """An id that never was is a 404 that says so in words."""
    answer = signed_in("sales").get("/people/nobody")

    assert 404 == answer.status_code
    assert b"Not here" in answer.content


def test_note_is_kept_with_its_author(signed_in: Any, workspace: Any) -> None:
    """A note appears on the page at once, with who wrote it; an empty one is refused."""
    browser, path = signed_in("sales"), f"/people/{of(workspace, 4)}"

    page = browser.post(f"{path}/note", {"text": "Prefers to be <called>."}, follow=True).content.decode()
    assert "Prefers to be &lt;called&gt;." in page
    assert "sales@example.com" in page
    assert 400 == browser.post(f"{path}/note", {"text": "  "}).status_code


def test_tag_is_put_on_and_taken_back(signed_in: Any, workspace: Any) -> None:
    """A tag can be undone from the notice, and both are events of the log."""
    browser, person = signed_in("marketer"), of(workspace, 5)
    page = browser.post(f"/people/{person}/tag", {"tag": "  early   bird "}, follow=True).content.decode()

    assert "early bird" in page
    assert f'action="/people/{person}/untag"' in page
    browser.post(f"/people/{person}/untag", {"tag": "early bird"})
    assert eventually(lambda: () == workspace.stores.profiles.profile(person).tags)
    names = [one.event.name for one in workspace.stores.log.of_nodes(workspace.stores.graph.nodes(person), None, 2)]
    assert ["Tag Removed", "Tag Added"] == names
    assert 400 == browser.post(f"/people/{person}/tag", {"tag": ","}).status_code


def test_not_the_same_person_parts_and_rejoins(signed_in: Any, workspace: Any) -> None:
    """What is ticked becomes a person of its own; taking it back joins the two again."""
    graph, browser, person = workspace.stores.graph, signed_in("service"), of(workspace, 6)
    email = next(one for one in graph.identifiers(person) if one.kind == "email")
    node = next(one.node for one in workspace.stores.profiles.profile(person).identifiers if one.identifier == email)

    page = browser.post(f"/people/{person}/split", {"node": str(node)}, follow=True)
    assert eventually(lambda: graph.person(*email.key) != graph.person("loyalty_id@till", card_number(6)))
    undo = page.context["notices"][0]["undo"]
    browser.post(undo["url"], undo["fields"])
    assert eventually(lambda: graph.person(*email.key) == graph.person("loyalty_id@till", card_number(6)))


def test_split_needs_something_to_part(signed_in: Any, workspace: Any) -> None:
    """Nothing ticked, or everything, parts nobody."""
    person = of(workspace, 7)
    nodes = [str(one.node) for one in workspace.stores.profiles.profile(person).identifiers]

    assert [400, 400] == [
        signed_in("service").post(f"/people/{person}/split", {"node": chosen}).status_code for chosen in ([], nodes)
    ]


def test_why_is_said_in_words(signed_in: Any, person: str) -> None:
    """The reason that two identifiers are one person's is a sentence that names both."""
    page = signed_in("analyst").get(f"/people/{person}/why").content.decode()

    assert "ada.lovelace0@example.com" in page
    assert "seen" in page


def test_export_holds_a_page_and_json(signed_in: Any, person: str) -> None:
    """Everything about a person comes as a page to read and as JSON."""
    answer = signed_in("service").get(f"/people/{person}/export")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))

    assert {"index.html", "person.json", "events.jsonl"} == set(archive.namelist())
    assert b"ada.lovelace0@example.com" in archive.read("person.json")
    assert f'attachment; filename="person-{person}.zip"' == answer.headers["Content-Disposition"]


def test_erasure_is_confirmed_by_name_and_can_be_taken_back(signed_in: Any, workspace: Any) -> None:
    """A wrong name erases nothing; the right one starts an hour of grace, in which Keep undoes it."""
    from onevoice.console.people import access, erasing

    browser, person = signed_in("admin"), of(workspace, 8)
    name = workspace.stores.profiles.profile(person).value("name")

    assert 400 == browser.post(f"/people/{person}/erase", {"confirm": "Somebody Else"}).status_code
    assert erasing.waiting(access.profile(person)) is None
    page = browser.post(f"/people/{person}/erase", {"confirm": name}, follow=True)
    assert b"Will be erased from every store" in page.content
    browser.post(page.context["notices"][0]["undo"]["url"])
    assert erasing.waiting(access.profile(person)) is None
    assert 404 == browser.post("/erasures/999/keep").status_code


def test_palette_finds_people_and_pages(signed_in: Any, person: str) -> None:
    """One box finds a person by name and a page by its title, and only pages that one may open."""
    sales = signed_in("sales")

    assert f"/people/{person}" in sales.get("/search", {"q": "Lovelace"}).content.decode()
    assert "/campaigns" in sales.get("/search", {"q": "campa"}).content.decode()
    assert "/health" not in sales.get("/search", {"q": "health"}).content.decode()
    assert "/health" in signed_in("analyst").get("/search", {"q": "health"}).content.decode()
