"""Every write to members. Views and commands come through here."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from onevoice.console.accounts import access, queries
from onevoice.console.accounts.links import one_time, uid
from onevoice.console.accounts.models import Member
from onevoice.console.accounts.roles import ROLES, OnlyOwners, check_change, may
from onevoice.domain.errors import BadInput


class BadMember(BadInput):
    """A member needs an e-mail address and a known role."""


class MemberExists(BadInput):
    """Somebody with that e-mail address is a member already."""


class BadPassword(BadInput):
    """That password is too easy to guess."""


@transaction.atomic
def add_member(*, email: str, role: str, name: str = "", now: datetime, by: Member | None = None) -> Member:
    """
    Add a member without a password; a sign-in link lets them in.

    Raises:
        BadMember: The address or the role cannot be read.
        MemberExists: The address is taken.
        OnlyOwners: An owner is to be added by someone who is none.
    """
    _check(email, role)
    if by is not None and role == "owner" and not may(by.role, "crown"):
        raise OnlyOwners
    if access.by_email(email) is not None:
        raise MemberExists
    member = Member(email=email.strip().lower(), role=role, name=name.strip(), created_at=now)
    member.set_unusable_password()
    member.save(force_insert=True)
    return member


def _check(email: str, role: str) -> None:
    if role not in {key for key, _name, _purpose in ROLES}:
        raise BadMember(f"{role!r} is no role.")
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise BadMember(f"{email!r} is no e-mail address.") from error


@transaction.atomic
def change_role(*, member_id: int, role: str, by: Member) -> Member:
    """
    Give a member another role.

    Raises:
        BadMember: There is no such role.
        OnlyOwners, LastOwner: The rules forbid it.
    """
    row = access.member(member_id, lock=True)
    if role not in {key for key, _name, _purpose in ROLES}:
        raise BadMember
    check_change(by=by.role, before=row.role, after=role, owners_left=queries.owners_besides(row))
    row.role = role
    row.save(update_fields=["role"])
    return row


@transaction.atomic
def deactivate(*, member_id: int, by: Member) -> Member:
    """
    Close a member's access at once; `reactivate` undoes it.

    Raises:
        OnlyOwners, LastOwner: The rules forbid it.
    """
    row = access.member(member_id, lock=True)
    check_change(by=by.role, before=row.role, after="", owners_left=queries.owners_besides(row))
    row.is_active = False
    row.save(update_fields=["is_active"])
    return row


@transaction.atomic
def reactivate(*, member_id: int, by: Member) -> Member:
    """
    Open a member's access again.

    Raises:
        OnlyOwners: The member is an owner, and *by* is none.
    """
    row = access.member(member_id, lock=True)
    check_change(by=by.role, before="", after=row.role, owners_left=1)
    row.is_active = True
    row.save(update_fields=["is_active"])
    return row


@transaction.atomic
def choose_password(*, member: Member, password: str) -> None:
    """
    Give a member a password.

    Raises:
        BadPassword: It is short or well known; the message says which.
    """
    try:
        validate_password(password, member)
    except ValidationError as error:
        raise BadPassword(" ".join(error.messages)) from error
    member.set_password(password)
    member.save(update_fields=["password"])


def one_time_link(member: Member, url: str) -> str:
    """Return a link that signs this member in once, within the hour; *url* is how the outside reaches us."""
    path = reverse("one-time", kwargs={"uid": uid(member), "token": one_time.make_token(member)})
    return f"{url.rstrip('/')}{path}"


def invitation(member: Member, url: str) -> str:
    """Return a link with which this member chooses a password, within the hour; opening it alone spends nothing."""
    path = reverse("invitation", kwargs={"uid": uid(member), "token": one_time.make_token(member)})
    return f"{url.rstrip('/')}{path}"


def owner(*, now: datetime, email: str = "owner@workspace.local") -> Member:
    """Return the workspace's first owner, made on first use, so that there is somebody whom a link can sign in."""
    found = Member.objects.filter(role="owner", is_active=True).order_by("pk").first()
    return found or add_member(email=email, role="owner", name="Owner", now=now)
