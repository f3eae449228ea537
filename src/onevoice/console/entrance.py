"""
Members and their links, for doors other than the browser; call `console.setup` and `console.migrate` first.

Django's models can be imported only after Django was set up, so they are looked up when they are needed.
"""

from datetime import UTC, datetime
from typing import Any

from django.utils.module_loading import import_string

from onevoice.console import house
from onevoice.domain.errors import NotFound

ACCOUNTS = "onevoice.console.accounts"


class NobodyOfThatAddress(NotFound):
    """No active member has that e-mail address; `onevoice users list` shows them all."""


def _call(path: str, **given: Any) -> Any:
    return import_string(f"{ACCOUNTS}.{path}")(**given)


def owner_link() -> str:
    """Return a link that signs the owner in once, within the hour; the first call makes the owner."""
    owner = _call("actions.owner", now=datetime.now(UTC))
    return str(_call("actions.one_time_link", member=owner, url=house.settings().url))


def link(email: str) -> str:
    """
    Return a link that signs a member in once, within the hour.

    Raises:
        NobodyOfThatAddress: There is no such active member.
    """
    member = _call("access.by_email", email=email)
    if member is None or not member.is_active:
        raise NobodyOfThatAddress
    return str(_call("actions.one_time_link", member=member, url=house.settings().url))


def add(email: str, role: str, name: str = "") -> str:
    """
    Add a member and return the link with which they choose a password.

    Raises:
        BadMember, MemberExists: The address or role cannot be used.
    """
    member = _call("actions.add_member", email=email, role=role, name=name, now=datetime.now(UTC))
    return str(_call("actions.invitation", member=member, url=house.settings().url))


def members() -> list[tuple[str, str, str, bool]]:
    """Return address, name, role and whether they may sign in, for every member."""
    return [(one.email, one.name, one.role, one.is_active) for one in _call("queries.members")]
