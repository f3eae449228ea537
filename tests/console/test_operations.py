"""Rejected events, sources, health, keys."""

from typing import Any

import pytest

from tests.console.test_people import eventually


def refused(workspace: Any, event: str, body: bytes) -> Any:
    """Send something that will be refused, and return its group."""
    from onevoice.wiring.workspace import now

    stores = workspace.stores
    stores.intake.append([(now(), "till-9", 1, "track", b"{}", body)])
    assert eventually(lambda: any(group.name == event for group in stores.log.groups()))
    return next(group for group in stores.log.groups() if group.name == event)


def body_of(event: str, total: str = '"twelve"') -> bytes:
    """Return an order whose total may be no number."""
    return f'{{"type":"track","userId":"u-{event}","event":"{event}","properties":{{"total":{total}}}}}'.encode()


def test_causes_are_listed_with_what_to_do(signed_in: Any, workspace: Any) -> None:
    """A group shows its reason, where in the JSON, the advice, and the bytes."""
    group = refused(workspace, "Order Refunded", body_of("Order Refunded"))
    browser = signed_in("analyst")

    assert b"schema_violation" in browser.get("/rejected").content
    page = browser.get(f"/rejected/{group.fingerprint}").content.decode()
    assert "$.properties.total" in page
    assert "&quot;twelve&quot;" in page
    assert "mend it with a mending rule" in page
    assert "Mend" not in page.split("<main")[1].split("schema_violation")[0].replace("mend it", "")


def test_a_mended_event_goes_through(signed_in: Any, workspace: Any) -> None:
    """Corrected JSON is taken in under its original time; what is no JSON is refused with the place of the fault."""
    group = refused(workspace, "Order Updated", body_of("Order Updated"))
    browser, path = signed_in("admin"), f"/rejected/event/{group.newest}"

    assert 400 == browser.post(path, {"text": '{"type": '}).status_code
    assert 302 == browser.post(path, {"text": body_of("Order Updated", "12.5").decode()}).status_code
    assert eventually(lambda: workspace.stores.graph.person("user_id", "u-Order Updated") is not None)
    assert "replayed" == workspace.stores.log.reject_of(group.newest).state
    assert 409 == browser.post(path, {"text": body_of("Order Updated", "12.5").decode()}).status_code


def test_a_group_is_set_aside_and_opened_again(signed_in: Any, workspace: Any) -> None:
    """Setting aside can be undone from the notice."""
    group = refused(workspace, "Order Cancelled", body_of("Order Cancelled"))
    browser = signed_in("owner")

    page = browser.post(f"/rejected/{group.fingerprint}/discard", follow=True)
    assert "discarded" == workspace.stores.log.reject_of(group.newest).state
    undo = page.context["notices"][0]["undo"]
    browser.post(undo["url"], undo["fields"])
    assert "open" == workspace.stores.log.reject_of(group.newest).state


def test_a_group_is_sent_again(signed_in: Any, workspace: Any) -> None:
    """What is sent again unchanged is refused again, and says so."""
    group = refused(workspace, "Product Added", body_of("Product Added").replace(b'"total"', b'"price"'))
    browser = signed_in("owner")

    assert 302 == browser.post(f"/rejected/{group.fingerprint}/replay").status_code
    assert eventually(lambda: workspace.stores.log.rejected(fingerprint=group.fingerprint))
    assert b"refused again" in browser.get(f"/rejected/{group.fingerprint}").content
    assert 404 == browser.get("/rejected/nosuchgroup").status_code


def test_a_rule_is_tried_kept_and_taken_back(signed_in: Any, workspace: Any) -> None:
    """Trying writes nothing; keeping mends the whole group and what comes after; undo refuses the like again."""
    event, stores = "Checkout Started", workspace.stores
    group = refused(workspace, event, body_of(event, '"12,50 pieces"').replace(b'"total"', b'"value"'))
    browser, path = signed_in("admin"), f"/rejected/{group.fingerprint}"
    asked = {"do": "cast", "property": "value", "type": "number"}

    trial = browser.get(f"{path}/rule", asked).context["trial"]
    assert (True, event) == (trial.passes, trial.name)
    assert "12.5" in trial.properties
    assert not browser.get(f"{path}/rule", {**asked, "type": "date"}).context["trial"].passes
    assert b"come in as" in browser.get(path).content
    assert [] == stores.definitions.newest("mending")

    page = browser.post(f"{path}/rule/keep", asked, follow=True)
    assert eventually(lambda: stores.graph.person("user_id", f"u-{event}") is not None)
    assert "replayed" == stores.log.reject_of(group.newest).state
    kept = stores.definitions.newest("mending")[0]
    assert ("admin@example.com", 1) == (kept.created_by, kept.version)

    undo = page.context["notices"][0]["undo"]
    browser.post(undo["url"], undo["fields"])
    assert b'"steps":[]' in bytes(stores.definitions.newest("mending")[0].body)
    again = body_of(f"{event}", '"13,50 pieces"').replace(b'"total"', b'"value"')
    assert group.newest < refused(workspace, event, again).newest
    assert 404 == browser.post(undo["url"], undo["fields"]).status_code


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ({"do": "drop", "property": "total"}, True),
        ({"do": "rename", "property": "total", "to": "said"}, True),
        ({"do": "rename_event", "to": "Something Else"}, True),
        ({"do": "default", "property": "currency", "value": "USD"}, False),
        ({"do": "cast", "property": "total", "type": "number", "here": "1"}, False),
        ({"do": "rename", "property": "total"}, None),
        ({"do": "explode", "property": "total"}, None),
    ],
)
def test_each_deed_is_tried_as_it_would_be_done(
    signed_in: Any, workspace: Any, asked: dict[str, str], passes: bool | None
) -> None:
    """What mends passes, what does not says why, and a rule that is not whole is no rule."""
    group = refused(workspace, "Order Completed", body_of("Order Completed"))
    page = signed_in("owner").get(f"/rejected/{group.fingerprint}/rule", asked).context

    assert passes == (page["trial"].passes if "trial" in page else None)
    assert ("fault" in page) == (passes is None)


def test_rules_are_made_by_those_who_run_the_house(signed_in: Any, workspace: Any) -> None:
    """Others see the cause but no form, and cannot keep a rule; bytes that are no JSON have no event to mend."""
    group = refused(workspace, "Order Refunded", body_of("Order Refunded"))
    path = f"/rejected/{group.fingerprint}"

    assert b"with a rule" not in signed_in("analyst").get(path).content
    assert 403 == signed_in("analyst").post(f"{path}/rule/keep", {"do": "drop", "property": "total"}).status_code
    assert 400 == signed_in("admin").post(f"{path}/rule/keep", {"do": "rename", "property": "total"}).status_code
    broken = next(one for one in workspace.stores.log.groups() if one.reason == "invalid_json")
    assert b"with a rule" not in signed_in("admin").get(f"/rejected/{broken.fingerprint}").content
    assert 409 == signed_in("admin").get(f"/rejected/{broken.fingerprint}/rule").status_code


def test_health_shows_who_sends_and_who_reads(signed_in: Any, workspace: Any) -> None:
    """Sources and readers are named, and the live part comes without its frame."""
    browser = signed_in("analyst")
    page, part = browser.get("/health"), browser.get("/health", headers={"HX-Request": "true"})

    for text in (b"website", b"warehouse", b"resolve", b"SQLite"):
        assert text in page.content
    assert b"<html" not in part.content
    events = workspace.stores.log.last()
    assert f"{events:,}".encode() in part.content


def test_lag_is_what_the_intake_holds_beyond_the_cursor(workspace: Any) -> None:
    """Readers of the log are behind by whole events, the resolver by intake rows."""
    from onevoice.console.operations import queries

    eventually(lambda: queries.waiting() == 0)
    found = {reader.name: reader for reader in queries.readers()}

    assert 0 == found["resolve"].behind
    assert workspace.stores.log.cursor("people") + found["people"].behind == workspace.stores.log.last()


def test_a_key_is_shown_once_revoked_and_restored(signed_in: Any, workspace: Any) -> None:
    """A new secret is on the page once; revoking it stops it at once, and Undo brings it back."""
    browser = signed_in("admin")
    page = browser.post("/settings/keys", {"name": "till 4", "kind": "secret"})
    token = page.context["token"]

    assert token.encode() in page.content
    assert token.encode() not in browser.get("/settings/keys").content
    key = workspace.stores.keys.find(token)
    after = browser.post(f"/settings/keys/{key.id}/revoke", follow=True)
    assert workspace.stores.keys.find(token) is None
    browser.post(after.context["notices"][0]["undo"]["url"])
    assert key == workspace.stores.keys.find(token)
    assert 404 == browser.post("/settings/keys/none/revoke").status_code
    assert 400 == browser.post("/settings/keys", {"name": "", "kind": "gold"}).status_code
