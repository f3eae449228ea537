"""Every write to what a member has seen of the first look."""

from onevoice.console.accounts.models import Member
from onevoice.console.tour.steps import DISMISSED


def look(member: Member, key: str) -> None:
    """Note that a member has taken a step, or sent the first look away."""
    if key not in member.looked:
        member.looked = [*member.looked, key]
        member.save(update_fields=["looked"])


def bring_back(member: Member) -> None:
    """Show the first look again, with what was seen of it."""
    member.looked = [key for key in member.looked if key != DISMISSED]
    member.save(update_fields=["looked"])
