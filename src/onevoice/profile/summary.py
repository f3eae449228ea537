"""A profile in one line, and the terms by which the person is found."""

from onevoice.domain.event import CHANNELS
from onevoice.domain.profile import Profile, Summary
from onevoice.profile import ledger, naming, term


def summary(profile: Profile) -> Summary:
    """Return a profile as a line of the list of people."""
    name = naming.display_name(profile)
    currency = max(profile.revenue, key=lambda one: (profile.revenue[one], one), default="")
    return Summary(
        person=profile.person,
        name=name,
        initials=naming.initials(name),
        email=naming.address(profile, "email"),
        phone=naming.address(profile, "phone"),
        city=naming.city(profile),
        household=profile.household,
        known=profile.known,
        identifiers=len(profile.identifiers),
        channels=tuple(channel for channel in CHANNELS if channel in profile.channels),
        first_at=profile.first_at,
        last_at=profile.last_at,
        events=profile.events,
        orders=profile.orders,
        revenue=profile.revenue.get(currency, 0),
        currency=currency,
        consent=dict(ledger.summary(profile.consents, known=profile.known)),
        tags=profile.tags,
    )


def terms(profile: Profile) -> list[str]:
    """Return what a person is found by besides their identifiers: words of name and mailbox, and tags after a #."""
    mailboxes = [one.identifier.value for one in profile.identifiers if one.identifier.base == "email"]
    text = " ".join([naming.name(profile), *(value.partition("@")[0] for value in mailboxes)])
    return sorted({*term.words(text), *(f"#{tag}" for tag in profile.tags)})
