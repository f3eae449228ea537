"""The way to one person."""

from onevoice.console import house
from onevoice.domain.profile import Profile


def profile(person: str) -> Profile:
    """
    Return everything known about a person; the id of somebody absorbed leads to who absorbed them.

    Raises:
        PersonNotFound: There is no such person.
    """
    return house.stores().profiles.profile(person)
