"""Made-up recipients, and a workspace with a campaign for them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from onevoice.adapters.campaigns.planner import Planner
from onevoice.adapters.database import Database
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.intake import Intake
from onevoice.domain.campaign import Campaign
from onevoice.domain.consent import Consent, Decision
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.offer import Validity
from onevoice.domain.recipient import Recipient
from onevoice.wiring.settings import Settings
from tests.compose.samples import BRAND, BRIEF, OFFER
from tests.conftest import NOW

YES = Decision(allowed=True, reason="Granted through form.")
NO = Decision(
    allowed=False,
    reason="Withdrawn through form.",
    proof=Consent(node=1, channel="email", purpose="marketing", state="withdrawn", at=1, source="form"),
)
NEVER = Decision(allowed=False, reason="Never asked.")


def person(number: int, **changes: object) -> Recipient:
    """Return somebody who can be reached everywhere and agreed to everything."""
    known = Recipient(
        person=f"p{number:05}",
        anchor=Identifier("crm_id", f"c{number}", Trust.VERIFIED),
        household=f"h{number // 2}",
        email=f"p{number}@example.com",
        phone=f"+1555{number:07}",
        address=(f"Pat {number}", f"{number} Elm Street", "Dayton, OH 45402"),
        name=f"Pat {number}",
        traits={"first_name": f"Pat{number}"},
        consent={"email": YES, "sms": YES, "print": YES},
    )
    return msgspec.structs.replace(known, **changes)


class People:
    """Recipients in memory."""

    def __init__(self, known: Sequence[Recipient]) -> None:
        self.known = {one.person: one for one in known}
        self.merged: dict[str, str] = {}

    def find(self, persons: Sequence[str], purpose: str) -> list[Recipient]:
        """Return those who are known."""
        return [self.known[one] for one in persons if one in self.known]

    def current(self, person: str) -> str:
        """Return whom a person was merged into."""
        return self.merged.get(person, person)


class Stores:
    """The two stores that the sender works on, in one database."""

    def __init__(self, database: Database) -> None:
        self.state = database
        self.intake = Intake(database)


def settings(home: Path, **changes: object) -> Settings:
    """Return the settings of a test workspace."""
    return Settings(home=str(home), secret="test secret", public_url="https://hi.example.com", **changes)  # type: ignore[arg-type]


OPEN = msgspec.structs.replace(OFFER, valid=Validity(start=OFFER.valid.start.replace(year=2025), end=OFFER.valid.end))


def planner(database: Database, people: People, **changes: object) -> Planner:
    """Store the sample documents and return a planner."""
    definitions = Definitions(database)
    campaign = Campaign(
        **{"title": "Summer", "brief": "summer", "audience": "all", "channels": ("email", "sms", "print"), **changes}  # type: ignore[arg-type]
    )
    for kind, name, body in (
        ("brand", "house", BRAND),
        ("offer", "produce20", OPEN),
        ("brief", "summer", BRIEF),
        ("campaign", "summer", campaign),
    ):
        definitions.put(kind, name, body, now=NOW, by="test")
    return Planner(database, people, base="https://hi.example.com", secret="test secret")
