"""Sign-in links: signed, short-lived, and spent by the sign-in that they allow."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from onevoice.console.accounts.models import Member


class OneTime(PasswordResetTokenGenerator):
    """A token that dies with the next sign-in, a change of password, address or role, or after an hour."""

    key_salt = "onevoice.console.accounts.links.OneTime"

    def _make_hash_value(self, user: Member, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.role}{user.is_active}"


one_time = OneTime()


def uid(member: Member) -> str:
    """Return how a link names a member."""
    return urlsafe_base64_encode(force_bytes(member.pk))
