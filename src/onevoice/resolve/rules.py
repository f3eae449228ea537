"""The identity rules: one versioned document that says which identifiers may join whom, and when they stop."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.moment import DAY

#: How far a shared identifier of a kind may join the people who share it.
Joins = Literal[
    "free",  # joins whoever verified evidence says
    "no_conflict",  # unless given names or birth dates contradict each other
    "agree",  # only if a given name and surname, or a birth date, agree; otherwise it makes a household
    "attach",  # follows its one owner and never joins two owners
    "never",  # joins nobody
]
#: Who keeps an identifier that two people claim.
Contest = Literal["support", "first", "newest"]


class BadRules(BadInput):
    """The identity rules cannot be read; the detail names the line to correct."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rules say of one kind of identifier; days count by the moment things occurred."""

    rank: int  #: 1 is strongest; evidence is weighed by its weaker end
    joins: Joins = "never"
    unique: bool = False  #: a person has one value of it, for ever
    named: bool = False  #: it names a person, where a browser or device does not
    limit: int = 0  #: most values a person may gain within `window` days; 0: any number
    window: int = 0
    contest: Contest = "support"
    owners: int = 0  #: with more owners than this the value is shared and joins nobody; 0: never shared
    overlap: int = 0  #: owners count as such only while seen within so many days of each other; 0: ever
    household: bool = False  #: people who share it live together

    @property
    def span(self) -> int:
        """The limit's window in microseconds."""
        return self.window * DAY


UNIQUE = Kind(rank=2, joins="free", unique=True, named=True, owners=25)

#: identity.md calls these the defaults: limits and thresholds follow Segment's and Snowplow's published ones.
KINDS: dict[str, Kind] = {
    "user_id": Kind(rank=1, joins="free", unique=True, named=True, owners=25),
    "crm_id": UNIQUE,
    "loyalty_id": UNIQUE,
    "email": Kind(rank=3, joins="no_conflict", named=True, limit=5, window=365, contest="first", owners=2, overlap=30),
    "mailbox": Kind(rank=3, joins="free", named=True, contest="first"),
    "phone": Kind(
        rank=4,
        joins="agree",
        named=True,
        limit=5,
        window=365,
        contest="newest",
        owners=2,
        overlap=30,
        household=True,
    ),
    "card_alias": Kind(
        rank=5, joins="no_conflict", named=True, limit=5, window=365, contest="first", owners=2, household=True
    ),
    "social": Kind(rank=6, joins="attach", limit=5, window=365, contest="first", owners=1),
    "badge_id": Kind(rank=6, joins="attach", contest="first", owners=1),
    "device_id": Kind(rank=6, joins="attach", limit=5, window=365, contest="first", owners=1),
    "push_token": Kind(rank=6, joins="attach", limit=5, window=365, contest="first", owners=1),
    "anonymous_id": Kind(rank=7, joins="attach", limit=5, window=7, contest="first", owners=1),
    "ga_client_id": Kind(rank=8),
    "ad_id": Kind(rank=8),
    "address": Kind(rank=9, household=True),
}
UNKNOWN = Kind(rank=9)
ROLES = frozenset(
    {
        "abuse", "accounts", "admin", "billing", "contact", "enquiries", "help", "hr", "info", "jobs", "kontakt",
        "marketing", "no-reply", "noreply", "office", "orders", "postmaster", "press", "reception", "sales", "service",
        "support", "webmaster",
    }
)  # fmt: skip


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the identity rules."""

    version: int = 0
    kinds: dict[str, Kind] = msgspec.field(default_factory=lambda: dict(KINDS))
    blocked: frozenset[str] = frozenset()  #: more values that name nobody, in lower case
    own: frozenset[str] = frozenset()  #: the company's own phones and mailboxes
    allowed: frozenset[str] = frozenset()  #: values that are never blocked nor taken as shared
    roles: frozenset[str] = ROLES  #: mailboxes that belong to the account, as info@
    crowd: int = 500  #: past so many neighbours an identifier's claims and browsers no longer join
    max_component: int = 1_000  #: larger joins wait for a human
    linkage: float = 0.95  #: least probability at which linkage joins
    household_max: int = 8  #: an address or phone shared by more people is no household

    def kind(self, name: str) -> Kind:
        """Return the rule of a kind; `loyalty_id@till` follows `loyalty_id` unless it has its own."""
        return self.kinds.get(name) or self.kinds.get(name.partition("@")[0]) or UNKNOWN


def read(given: Mapping[str, Any]) -> Rules:
    """
    Return rules from a document; a kind that is given only in part keeps its other defaults.

    Raises:
        BadRules: A name is unknown, or a value has the wrong type.
    """
    try:
        plain = dict(given)
        kinds = {name: msgspec.to_builtins(kind) for name, kind in KINDS.items()}
        for name, changes in dict(plain.pop("kinds", {})).items():
            kinds[name] = {**kinds.get(name, {}), **changes}
        return msgspec.convert({**plain, "kinds": kinds}, Rules)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise BadRules(f"The identity rules cannot be read: {error}.") from error
