"""What each role may do: data and pure rules, without a database."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from onevoice.domain.errors import NotAllowed

#: Role, what it is called, and what it is for; the strongest first.
ROLES = (
    ("owner", _("Owner"), _("Everything, including who the other owners are")),
    ("admin", _("Administrator"), _("People, keys, settings and every page")),
    ("marketer", _("Marketer"), _("Audiences and campaigns; notes and tags on people")),
    ("sales", _("Sales"), _("People, their history, notes and tags")),
    ("service", _("Service"), _("People, separating mistaken identities, exporting a person's data")),
    ("analyst", _("Analyst"), _("Reads every page and changes nothing")),
)

READ = frozenset({"see", "self"})
ANNOTATE = READ | {"annotate"}

#: What a page may need, and who has it. A page that needs nothing named here is refused.
CAPABILITIES: dict[str, frozenset[str]] = {
    "owner": ANNOTATE | {"identify", "export", "erase", "operate", "inspect", "manage", "crown"},
    "admin": ANNOTATE | {"identify", "export", "erase", "operate", "inspect", "manage"},
    "marketer": ANNOTATE | {"inspect"},
    "sales": ANNOTATE,
    "service": ANNOTATE | {"identify", "export"},
    "analyst": READ | {"inspect"},
}


class LastOwner(NotAllowed):
    """A workspace keeps at least one active owner; make someone else an owner first."""


class OnlyOwners(NotAllowed):
    """Only an owner may make or change an owner."""


def may(role: str, capability: str) -> bool:
    """Tell whether a role has a capability; an unknown role has none."""
    return capability in CAPABILITIES.get(role, frozenset())


def check_change(*, by: str, before: str, after: str, owners_left: int) -> None:
    """
    Decide whether a member of role *by* may change another from one role to the next ("" is deactivated).

    Raises:
        OnlyOwners: The change touches an owner, and *by* is none.
        LastOwner: Nobody would be left to own the workspace.
    """
    if "owner" in {before, after} and before != after and not may(by, "crown"):
        raise OnlyOwners
    if before == "owner" and after != "owner" and owners_left == 0:
        raise LastOwner


def names(keys: Iterable[str]) -> list[str]:
    """Return the display names of roles."""
    called = {key: str(name) for key, name, _purpose in ROLES}
    return [called.get(key, key) for key in keys]
