"""Lists of members."""

from onevoice.console.accounts.models import Member


def members() -> list[Member]:
    """Return every member, the active first."""
    return list(Member.objects.order_by("-is_active", "email"))


def owners_besides(member: Member) -> int:
    """Return how many other active owners there are."""
    return Member.objects.filter(role="owner", is_active=True).exclude(pk=member.pk).count()


def anyone() -> bool:
    """Tell whether the workspace has any member yet."""
    return Member.objects.exists()
