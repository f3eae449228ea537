"""Coming in: by password, by link, by invitation; and how access ends."""

from typing import Any

import pytest

from onevoice.domain.errors import OnevoiceError


def newcomer(email: str, role: str = "analyst") -> Any:
    """Add a member for one test."""
    from django.utils import timezone

    from onevoice.console.accounts import actions

    return actions.add_member(email=email, role=role, now=timezone.now())


def test_password_opens_the_page_asked_for(client: Any) -> None:
    """The right password leads to where one was going; the address may be written in capitals."""
    answer = client.post(
        "/sign-in", {"email": "SALES@example.com", "password": "correct horse sales", "next": "/people"}
    )

    assert (302, "/people") == (answer.status_code, answer.headers["Location"])
    assert 200 == client.get("/people").status_code


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example/x", "javascript:alert(1)", r"\\evil.example"]
)
def test_sign_in_leads_nowhere_else(client: Any, wanted: str) -> None:
    """Another site is never where one lands after signing in."""
    answer = client.post("/sign-in", {"email": "sales@example.com", "password": "correct horse sales", "next": wanted})

    assert (302, "/") == (answer.status_code, answer.headers["Location"])


def test_wrong_password_says_the_same_for_known_and_unknown(client: Any) -> None:
    """Whether an address is a member's cannot be found out by guessing."""
    known = client.post("/sign-in", {"email": "sales@example.com", "password": "wrong"})
    unknown = client.post("/sign-in", {"email": "nobody@example.com", "password": "wrong"})

    assert (400, 400) == (known.status_code, unknown.status_code)
    assert b"do not belong together" in known.content
    assert b"do not belong together" in unknown.content


def test_guessing_gets_slow(client: Any) -> None:
    """After eight wrong passwords even the right one waits; another address does not."""
    for _ in range(8):
        client.post("/sign-in", {"email": "service@example.com", "password": "wrong"})
    answer = client.post("/sign-in", {"email": "service@example.com", "password": "correct horse service"})

    assert 400 == answer.status_code
    assert b"Too many wrong passwords" in answer.content
    assert 302 == client.post("/sign-in", {"email": "sales@example.com", "password": "correct horse sales"}).status_code


def test_link_signs_in_once(client: Any, workspace: Any) -> None:
    """A sign-in link works a single time."""
    from django.test import Client

    from onevoice.console.accounts import actions

    path = actions.one_time_link(newcomer("once@example.com"), "http://localhost").removeprefix("http://localhost")

    assert (302, "/") == ((first := client.get(path)).status_code, first.headers["Location"])
    assert 200 == client.get("/people").status_code
    assert 403 == Client(SERVER_NAME="localhost").get(path).status_code


@pytest.mark.parametrize("change", ["x", ""])
def test_forged_link_is_refused(client: Any, change: str) -> None:
    """A link with a changed token, or for another member, signs nobody in."""
    from onevoice.console.accounts import links
    from onevoice.console.accounts.models import Member

    analyst, owner = (Member.objects.get(email=f"{role}@example.com") for role in ("analyst", "owner"))
    token = links.one_time.make_token(analyst)
    path = f"/sign-in/{links.uid(analyst)}/{token}{change}" if change else f"/sign-in/{links.uid(owner)}/{token}"

    assert 403 == client.get(path).status_code
    assert 302 == client.get("/people").status_code


def test_old_link_is_refused(client: Any) -> None:
    """A link lives an hour."""
    from datetime import datetime, timedelta

    from onevoice.console.accounts import links

    class Earlier(links.OneTime):
        """Writes links two hours old."""

        def _now(self) -> datetime:
            return datetime.now() - timedelta(hours=2)  # noqa: DTZ005 - as Django's own

    member = newcomer("late@example.com")

    assert 403 == client.get(f"/sign-in/{links.uid(member)}/{Earlier().make_token(member)}").status_code


def test_invitation_survives_being_looked_at(client: Any) -> None:
    """Opening an invitation spends nothing; choosing a password does, and weak ones are refused."""
    from onevoice.console.accounts import actions

    path = actions.invitation(newcomer("guest@example.com"), "http://localhost").removeprefix("http://localhost")
    good = {"password": "a sentence I like", "again": "a sentence I like"}

    assert [200, 200] == [client.get(path).status_code for _ in range(2)]
    assert 400 == client.post(path, {"password": "password12", "again": "password12"}).status_code
    assert 400 == client.post(path, {**good, "again": "another one"}).status_code
    assert 302 == client.post(path, good).status_code
    assert 403 == client.get(path).status_code


def test_closed_access_ends_at_once(client: Any, signed_in: Any) -> None:
    """Whoever is closed out is out with the next click, and Undo lets them in again."""
    member = newcomer("leaver@example.com")
    client.force_login(member)
    owner = signed_in("owner")

    assert 200 == client.get("/people").status_code
    owner.post(f"/settings/users/{member.pk}/close")
    assert 302 == client.get("/people").status_code
    assert b"can no longer sign in" in (page := owner.get("/settings/users").content)
    assert b"Undo" in page
    owner.post(f"/settings/users/{member.pk}/open")
    assert 200 == client.get("/people").status_code


def test_last_owner_stays(signed_in: Any, workspace: Any) -> None:
    """The only owner can be neither closed out nor demoted, and an administrator makes no owners."""
    owner, admin = workspace.members["owner"], signed_in("admin")

    assert 409 == signed_in("owner").post(f"/settings/users/{owner.pk}/close").status_code
    assert 409 == signed_in("owner").post(f"/settings/users/{owner.pk}/role", {"role": "sales"}).status_code
    assert 409 == admin.post(f"/settings/users/{workspace.members['sales'].pk}/role", {"role": "owner"}).status_code
    assert 409 == admin.post(f"/settings/users/{owner.pk}/link").status_code
    owner.refresh_from_db()
    assert ("owner", True) == (owner.role, owner.is_active)


def test_members_are_invited(signed_in: Any) -> None:
    """An invitation shows its link once; the same address twice, or none, is refused."""
    browser = signed_in("admin")
    given = {"email": "New@Example.com", "name": "Nia New", "role": "sales"}

    assert b"/invitation/" in browser.post("/settings/users", given).content
    assert 400 == browser.post("/settings/users", given).status_code
    assert 400 == browser.post("/settings/users", {**given, "email": "no address"}).status_code


def test_unknown_role_is_refused(workspace: Any) -> None:
    """A role is one of six."""
    with pytest.raises(OnevoiceError, match="is no role"):
        newcomer("who@example.com", role="emperor")


def test_tables_match_the_models(workspace: Any) -> None:
    """No change of a model waits for its migration."""
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
