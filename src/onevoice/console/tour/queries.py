"""Which steps of the first look a member sees, what was found for each, and which are done."""

from pathlib import Path
from typing import Any

import msgspec
from django.core.cache import cache
from django.urls import reverse

from onevoice.adapters.state.keys import Keys
from onevoice.console import house
from onevoice.console.accounts.models import Member
from onevoice.console.people.queries import name as called
from onevoice.console.studio import queries as studio
from onevoice.console.tour.steps import DISMISSED, SIGHTS, STARTS, Step
from onevoice.console.workspace.queries import example
from onevoice.domain.errors import NotFound
from onevoice.domain.estimate import Estimate

#: A workspace with fewer events is still being set up.
FRESH = 1_000
KEPT = 600  #: seconds for which what was found is kept
MEASURED = 30  #: mailings among which one without a known effect is looked for
TIED = 500  #: ties by likeness that are looked at
IMPORT = "onevoice import customers.csv --suggest > mapping.yaml\nonevoice import customers.csv --mapping mapping.yaml"

#: The person with the most identifiers among those whom likeness, not a number, joined.
JOINED = """
SELECT p.person FROM (SELECT a, b FROM edges WHERE slot = 6 LIMIT ?) AS e
JOIN nodes AS n ON n.node = e.a JOIN nodes AS m ON m.node = e.b
JOIN people AS p ON p.person = n.person
WHERE n.person = m.person ORDER BY p.identifiers DESC, p.events DESC, p.person LIMIT 1
"""
#: Anybody else with more than one.
SEVERAL = "SELECT person FROM people WHERE identifiers > 1 ORDER BY identifiers DESC, events DESC LIMIT 1"
#: Somebody of the largest household that is still a home.
HOME = """
SELECT person FROM people WHERE household = (
    SELECT household FROM people WHERE household <> '' GROUP BY household HAVING count(*) BETWEEN 2 AND 6
    ORDER BY count(*) DESC, household LIMIT 1
) ORDER BY events DESC LIMIT 1
"""


class SightNotFound(NotFound):
    """There is nothing of that kind in this workspace yet."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One step as the card shows it."""

    step: Step
    text: str
    done: bool
    snippet: str = ""


def card(member: Member, events: int) -> dict[str, Any] | None:
    """Return the first look of a member, or nothing if there is none or they sent it away."""
    if DISMISSED in member.looked:
        return None
    if is_demo():
        mine = (step for step in SIGHTS if member.may(step.need))
        found = [_sight(step, member) for step in mine if step.key in ALWAYS or sight(step.key)]
    elif events < FRESH:
        done = begun(events)
        found = [_start(step, done) for step in STARTS if member.may(step.need)]
    else:
        return None
    return {"steps": found, "done": sum(one.done for one in found), "demo": is_demo()}


def is_demo() -> bool:
    """Tell whether this workspace was filled by `onevoice demo`, which leaves what it imported beside it."""
    return (Path(house.settings().home) / "imports" / "households.parquet").exists()


def _sight(step: Step, member: Member) -> Shown:
    found = sight(step.key)
    text = str(step.text) % {"name": found[1]} if found else str(step.text)
    return Shown(step=step, text=text, done=step.key in member.looked)


def _start(step: Step, done: set[str]) -> Shown:
    lines = {"event": example("WRITE_KEY", house.settings().url), "file": IMPORT}
    return Shown(step=step, text=str(step.text), done=step.key in done, snippet=lines.get(step.snippet, ""))


def begun(events: int) -> set[str]:
    """Return which first steps the workspace shows to be taken, whoever took them."""
    state = house.stores().state
    imported = house.stores().backlog.one("SELECT 1 FROM imports LIMIT 1")
    facts = {
        "key": any(key.revoked_at is None for key in Keys(state).list()),
        "event": events > 0,
        "file": imported is not None,
        "colleague": Member.objects.filter(is_active=True).count() > 1,
    }
    return {key for key, is_so in facts.items() if is_so}


#: Sights that need nothing in particular to be found.
ALWAYS = frozenset({"mailing", "rejected"})


def sight(key: str) -> tuple[str, str] | None:
    """Return the address and the name of what a step shows, looked for at most every ten minutes."""
    place = f"sight:{key}:{house.settings().workspace}".replace(" ", "_")
    found = cache.get(place)
    if found is None:
        found = FINDERS[key]() if key in FINDERS else ()
        cache.set(place, found, KEPT)
    return found or None


def target(key: str) -> str:
    """
    Return the address to which a step leads.

    Raises:
        SightNotFound: The workspace holds nothing of the kind.
    """
    if key in PLACES:
        return PLACES[key]()
    found = sight(key)
    if found is None:
        raise SightNotFound
    return found[0]


def _person() -> tuple[str, ...]:
    state = house.stores().state
    row = state.one(JOINED, (TIED,)) or state.one(SEVERAL)
    return _of_person(row[0], "#why-dialog") if row else ()


def _household() -> tuple[str, ...]:
    row = house.stores().state.one(HOME)
    return _of_person(row[0], "#home-title") if row else ()


def _of_person(person: str, part: str) -> tuple[str, ...]:
    profile = house.stores().profiles.profile(person)
    return (reverse("person", args=[profile.person]) + part, called(profile))


def _campaign() -> tuple[str, ...]:
    found = next((one for one in studio.campaigns() if one.planned_at), None)
    return (reverse("campaign", args=[found.name]), found.title) if found else ()


def _mailing() -> str:
    """Return the address of a mailing of which nobody can say what it caused; failing that, of any, or of all."""
    place = f"mailing:{house.settings().workspace}".replace(" ", "_")
    flown = [one["campaign"] for one in studio.flown()]
    unknown = (name for name in flown[:MEASURED] if _is_unknown(name))
    found = cache.get(place) or next(unknown, flown[0] if flown else "")
    cache.set(place, found, KEPT)
    return reverse("campaign", args=[found]) if found else reverse("campaigns")


def _is_unknown(name: str) -> bool:
    result = studio.result(name)
    return result is not None and not isinstance(result.effect, Estimate)


FINDERS = {"person": _person, "household": _household, "campaign": _campaign}
PLACES = {
    "mailing": _mailing,
    "rejected": lambda: reverse("rejected"),
    "key": lambda: reverse("keys"),
    "colleague": lambda: reverse("users"),
    "event": lambda: reverse("people"),
    "file": lambda: reverse("health"),
}
