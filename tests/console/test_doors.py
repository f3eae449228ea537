"""Every address is refused to whom it is not for."""

from typing import Any

import pytest

from tests.console.conftest import ROLES

#: Something to put in place of an address's parameters.
FILLED = {
    "member_id": "1", "key_id": "none", "fingerprint": "none", "reject_id": "999999", "person": "none",
    "erasure_id": "999999", "key": "none",
    "uid": "MQ", "token": "none", "name": "none", "piece": "none", "side": "0", "stamp": "0",
}  # fmt: skip
#: What anybody may open.
OPEN = {"static", "sign-in", "sign-out", "one-time", "invitation"}
#: What a role may do, written down a second time: a slip in `roles.py` shows here.
ALLOWED = {
    "see": set(ROLES),
    "self": set(ROLES),
    "annotate": {"owner", "admin", "marketer", "sales", "service"},
    "identify": {"owner", "admin", "service"},
    "export": {"owner", "admin", "service"},
    "erase": {"owner", "admin"},
    "inspect": {"owner", "admin", "marketer", "analyst"},
    "operate": {"owner", "admin"},
    "manage": {"owner", "admin"},
}


def addresses() -> list[tuple[str, str, Any]]:
    """Return name, filled-in path and view of every address."""
    from django.urls import get_resolver, reverse

    def walk(patterns: Any) -> Any:
        for one in patterns:
            yield from walk(one.url_patterns) if hasattr(one, "url_patterns") else [one]

    found = []
    for one in walk(get_resolver().url_patterns):
        given = {name: FILLED[name] for name in one.pattern.converters}
        found.append((one.name, reverse(one.name, kwargs=given), one.callback))
    return found


def test_every_view_says_what_it_needs(workspace: Any) -> None:
    """A view that forgot to say who may come in would be a fault, and there is none."""
    from onevoice.console.shell.doors import need_of

    assert [] == [name for name, _, view in addresses() if need_of(view) is None]
    assert OPEN == {name for name, _, view in addresses() if need_of(view) == ""}


def test_strangers_are_sent_to_the_sign_in_page(client: Any) -> None:
    """Nothing but the doors themselves opens to somebody who has not signed in, read or write."""
    closed = [(name, path) for name, path, _ in addresses() if name not in OPEN]

    assert len(closed) > 40
    for name, path in closed:
        for answer in (client.get(path), client.post(path)):
            assert (302, "/sign-in") == (answer.status_code, answer.headers["Location"].split("?")[0]), name


def test_a_stranger_behind_htmx_is_redirected_as_a_whole(client: Any) -> None:
    """A fragment that is asked for after the session ended sends the whole page to the sign-in page."""
    answer = client.get("/dashboard/counters", headers={"HX-Request": "true"})

    assert (401, "/sign-in") == (answer.status_code, answer.headers["HX-Redirect"])


@pytest.mark.parametrize("role", ROLES)
def test_roles_open_what_they_may(signed_in: Any, role: str) -> None:
    """Each role gets a refusal exactly where it lacks the capability, for every address."""
    from onevoice.console.shell.doors import need_of

    browser = signed_in(role)
    for name, path, view in addresses():
        if name in OPEN:
            continue
        refused = browser.get(path).status_code == 403
        assert (role not in ALLOWED[need_of(view)]) == refused, (name, role)


def test_a_view_that_says_nothing_lets_nobody_in(workspace: Any) -> None:
    """An undeclared view is refused even to the owner."""
    from django.core.exceptions import PermissionDenied
    from django.test import RequestFactory

    from onevoice.console.shell.middleware import Doorkeeper

    request = RequestFactory().get("/")
    request.user = workspace.members["owner"]
    request.htmx = False

    with pytest.raises(PermissionDenied):
        Doorkeeper(lambda _: None).process_view(request, lambda _: None)  # type: ignore[arg-type, return-value]


def test_every_role_has_only_known_capabilities() -> None:
    """The table of roles and the table above agree, and `crown` is the owner's alone."""
    from onevoice.console.accounts.roles import CAPABILITIES

    found = {
        one: {role for role, has in CAPABILITIES.items() if one in has} for one in set().union(*CAPABILITIES.values())
    }

    assert {**ALLOWED, "crown": {"owner"}} == found
