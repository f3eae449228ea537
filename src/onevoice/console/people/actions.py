"""Every write to people: each is an event, so history can be replayed and any step taken back."""

import time
from collections.abc import Sequence

import msgspec

from onevoice.console import house
from onevoice.console.accounts.models import Member
from onevoice.console.people import queries
from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.evidence import Verdict
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Profile
from onevoice.resolve.assertion import asserted
from onevoice.resolve.naming import derived

SOURCE = "console"
LONGEST_NOTE = 2_000  #: characters
LONGEST_TAG = 60
PATIENCE = 0.6  #: seconds that a page waits for its own write to be resolved
GLANCE = 0.02  #: seconds between two looks

Key = tuple[str, str]
Pair = tuple[Key, Key]


class EmptyNote(BadInput):
    """Write something first; a note is at most 2,000 characters."""


class BadTag(BadInput):
    """A tag has one to sixty characters."""


class NothingChosen(BadInput):
    """Choose what belongs to somebody else, and leave at least one identifier behind."""


def emit(events: Sequence[Event]) -> None:
    """Put events in, and wait a moment until they are resolved, so that the next page shows them."""
    stores = house.stores()
    stores.intake.emit(events, SOURCE, house.now())
    upto = stores.intake.last()
    deadline = time.monotonic() + PATIENCE
    while stores.log.cursor("resolve") < upto and time.monotonic() < deadline:
        time.sleep(GLANCE)


def anchor(profile: Profile) -> Identifier:
    """Return the identifier under which something about a person enters the log: the strongest they have."""
    return queries.strongest_first(profile)[0].identifier


def _said(name: str, profile: Profile, by: Member, now: int, properties: dict[str, str]) -> Event:
    known = anchor(profile)
    return Event(
        id=derived("console", name, *known.key, str(now), by.email, *properties.values()),
        name=name,
        channel="server",
        occurred_at=now,
        received_at=now,
        # What a colleague says of a customer vouches for no identifier.
        identifiers=(Identifier(known.kind, known.value, Trust.INFERRED),),
        properties=properties,
        context={"actor": by.email},
        source=SOURCE,
    )


def add_note(profile: Profile, *, text: str, by: Member, now: int) -> None:
    """
    Write a note about a person.

    Raises:
        EmptyNote: There is no text, or too much.
    """
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise EmptyNote
    emit([_said("Note Added", profile, by, now, {"text": text.strip()})])


def add_tag(profile: Profile, *, tag: str, by: Member, now: int) -> None:
    """
    Put a tag on a person.

    Raises:
        BadTag: It is empty or too long.
    """
    emit([_said("Tag Added", profile, by, now, {"tag": clean_tag(tag)})])


def remove_tag(profile: Profile, *, tag: str, by: Member, now: int) -> None:
    """
    Take a tag off a person.

    Raises:
        BadTag: It is empty or too long.
    """
    emit([_said("Tag Removed", profile, by, now, {"tag": clean_tag(tag)})])


def clean_tag(tag: str) -> str:
    """
    Return a tag as it is kept: single spaces, no comma.

    Raises:
        BadTag: It is empty or too long.
    """
    found = " ".join(tag.replace(",", " ").split())
    if not 0 < len(found) <= LONGEST_TAG:
        raise BadTag
    return found


def pairs_of(profile: Profile, nodes: Sequence[int]) -> list[Pair]:
    """
    Return which identifiers are to be kept apart: each of the chosen from the strongest that stays.

    Raises:
        NothingChosen: None was chosen, or none would stay.
    """
    chosen = [one.identifier.key for one in profile.identifiers if one.node in nodes]
    staying = [one.identifier.key for one in queries.strongest_first(profile) if one.node not in nodes]
    if not chosen or not staying:
        raise NothingChosen
    return [(staying[0], key) for key in chosen]


def assert_pairs(pairs: Sequence[Pair], verdict: Verdict, *, by: Member, now: int) -> None:
    """Say of pairs of identifiers that they are, or are not, the same person's; "withdrawn" takes it back."""
    emit([asserted(a, b, verdict, now=now + at, actor=by.email) for at, (a, b) in enumerate(pairs)])


def packed(pairs: Sequence[Pair]) -> str:
    """Return pairs as text that a form can carry."""
    return msgspec.json.encode(pairs).decode()


def unpacked(text: str) -> list[Pair]:
    """
    Return pairs from a form.

    Raises:
        NothingChosen: The text is not what `packed` wrote.
    """
    try:
        return msgspec.json.decode(text.encode(), type=list[Pair])
    except msgspec.DecodeError as error:
        raise NothingChosen from error
