"""The ways to one member."""

from django.utils.http import urlsafe_base64_decode

from onevoice.console.accounts.models import Member
from onevoice.domain.errors import NotFound


class MemberNotFound(NotFound):
    """There is no member of that name."""


def member(member_id: int, *, lock: bool = False) -> Member:
    """
    Return a member by number.

    Raises:
        MemberNotFound: There is none.
    """
    rows = Member.objects.select_for_update() if lock else Member.objects
    found = rows.filter(pk=member_id).first()
    if found is None:
        raise MemberNotFound
    return found


def by_email(email: str) -> Member | None:
    """Return the member of an address, however it is capitalised."""
    return Member.objects.filter(email__iexact=email.strip()).first()


def of_link(uid: str) -> Member | None:
    """Return the active member that a link names, or nothing for a link that names nobody."""
    try:
        number = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    return Member.objects.filter(pk=number, is_active=True).first()
