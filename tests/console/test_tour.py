"""The first look leads through a new workspace, ticks itself off, and goes when sent away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def demo(workspace: Any) -> Iterator[None]:
    """Let the workspace look like one that `onevoice demo` filled."""
    from django.core.cache import cache

    folder = Path(workspace.settings.home) / "imports"
    folder.mkdir()
    (folder / "households.parquet").touch()
    cache.clear()
    yield
    (folder / "households.parquet").unlink()
    folder.rmdir()


@pytest.fixture
def newcomer(workspace: Any) -> Iterator[Any]:
    """Yield a browser of an analyst who has seen nothing yet."""
    from django.test import Client

    member = workspace.members["analyst"]
    member.refresh_from_db()
    member.looked = []
    member.save()
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(member)
    yield browser
    member.looked = []
    member.save()


def steps(browser: Any) -> dict[str, Any]:
    """Return the steps on the dashboard by key."""
    return {one.step.key: one for one in browser.get("/").context["tour"]["steps"]}


def test_first_steps_tick_themselves_off_by_what_is_there(signed_in: Any) -> None:
    """Keys, events and colleagues are there, no file was imported; the line to send carries the workspace's address."""
    found = steps(signed_in("owner"))

    assert {"key": True, "event": True, "file": False, "colleague": True} == {
        key: one.done for key, one in found.items()
    }
    assert "--suggest" in found["file"].snippet


def test_nobody_is_shown_a_step_they_may_not_take(signed_in: Any) -> None:
    """Keys and invitations are for those who manage."""
    assert {"event", "file"} == steps(signed_in("service")).keys()
    assert 404 == signed_in("service").get("/first-look/key").status_code


@pytest.mark.usefixtures("demo")
def test_a_sight_is_a_real_thing_and_is_ticked_when_seen(newcomer: Any, workspace: Any) -> None:
    """The person of many records has several identifiers; having been there is kept for the member."""
    before = steps(newcomer)
    answer = newcomer.get("/first-look/person")
    person = answer.url.removeprefix("/people/").removesuffix("#why-dialog")

    assert not before["person"].done
    assert len(workspace.stores.profiles.profile(person).identifiers) > 1
    assert before["person"].text.startswith(newcomer.get(f"/people/{person}").context["name"])
    assert {"person"} == {key for key, one in steps(newcomer).items() if one.done}


@pytest.mark.usefixtures("demo")
def test_each_sight_leads_to_a_page(newcomer: Any) -> None:
    """What is not in the workspace is not offered, and everything offered can be looked at."""
    offered = list(steps(newcomer))

    assert "household" not in offered
    assert [200] * len(offered) == [newcomer.get(f"/first-look/{key}", follow=True).status_code for key in offered]
    assert 404 == newcomer.get("/first-look/household").status_code
    assert 404 == newcomer.get("/first-look/nowhere").status_code


def test_the_first_look_goes_and_comes_back(newcomer: Any) -> None:
    """Sending it away can be undone from the notice, and what was seen stays seen."""
    newcomer.get("/first-look/event")
    page = newcomer.post("/first-look/dismiss", follow=True)
    assert page.context["tour"] is None
    undo = page.context["notices"][0]["undo"]
    newcomer.post(undo["url"], undo["fields"])
    assert newcomer.get("/").context["tour"] is not None
