"""Recipients, read in bulk from profiles and their consents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from onevoice.adapters.database import Database
from onevoice.adapters.state.profiles import Profiles
from onevoice.domain.consent import Decision
from onevoice.domain.identifier import Identifier
from onevoice.domain.profile import Profile
from onevoice.domain.recipient import Recipient
from onevoice.profile import naming
from onevoice.profile.ledger import allowed

#: Under which name events about a person enter the log, the strongest first.
ANCHORS = ("user_id", "crm_id", "loyalty_id", "email", "phone", "card_alias")
#: The address kind of each channel.
KINDS = {"email": "email", "sms": "phone", "print": "address"}
STREET = ("street", "address1", "line1")
CITY = ("city", "town")
REGION = ("state", "region", "province")
POSTCODE = ("postal_code", "postalCode", "postcode", "zip", "zip_code")
COUNTRY = ("country",)
#: Countries that write the post code before the city; elsewhere it ends the line.
POSTCODE_FIRST = frozenset({"DE", "FR", "AT", "CH", "IT", "ES", "NL", "BE", "DK", "SE", "NO", "FI", "PL"})


class RecipientStore:
    """Who may be written to, at which address, and what they agreed to."""

    def __init__(self, database: Database) -> None:
        self._profiles = Profiles(database)

    def find(self, persons: Sequence[str], purpose: str) -> list[Recipient]:
        """Return those of *persons* who still exist, with what they agreed to for a purpose."""
        return [recipient(profile, purpose) for profile in self._profiles.profiles(persons) if profile.identifiers]

    def current(self, person: str) -> str:
        """Return the id under which a person lives on after merges."""
        return self._profiles.current(person)


def recipient(profile: Profile, purpose: str) -> Recipient:
    """Return a profile as delivery needs it."""
    addresses = {channel: _address_node(profile, kind) for channel, kind in KINDS.items()}
    email, phone = (addresses[channel][1] for channel in ("email", "sms"))
    name = naming.name(profile)
    first = _text({key: profile.value(key) for key in naming.FIRST}, naming.FIRST)
    return Recipient(
        person=profile.person,
        anchor=_anchor(profile),
        household=profile.household,
        email=email,
        phone=phone,
        address=postal(profile, name),
        name=name,
        locale=str(profile.value("locale") or ""),
        traits={**_plain(profile), **({"first_name": first} if first else {}), **({"name": name} if name else {})},
        consent={channel: _decision(profile, channel, purpose, addresses[channel][0]) for channel in KINDS},
    )


def _plain(profile: Profile) -> dict[str, Any]:
    return {name: one.value for name, one in profile.traits.items() if isinstance(one.value, str | int | float | bool)}


def _anchor(profile: Profile) -> Identifier:
    order = {kind: at for at, kind in enumerate(ANCHORS)}
    best = min(
        profile.identifiers,
        key=lambda one: (-one.identifier.trust, order.get(one.identifier.base, len(order)), one.identifier.key),
    )
    return best.identifier


def _address_node(profile: Profile, kind: str) -> tuple[int | None, str]:
    """Return the node and value of the best address of a kind that may be written to."""
    found = [one for one in profile.identifiers if one.identifier.base == kind and one.contactable]
    granted = {one.node: one.at for one in profile.consents if one.state == "granted"}
    found.sort(key=lambda one: (-granted.get(one.node, 0), one.identifier.kind, one.identifier.value))
    return (found[0].node, found[0].identifier.value) if found else (None, "")


def _decision(profile: Profile, channel: str, purpose: str, node: int | None) -> Decision:
    return allowed(profile.consents, channel, purpose, known=profile.known, address=node)


def postal(profile: Profile, name: str) -> tuple[str, ...]:
    """Return the address as it is printed, or nothing if street or place is missing."""
    given = profile.value("address")
    place: Mapping[str, Any] = given if isinstance(given, dict) else {}
    parts = {**{key: profile.value(key) for key in (*STREET, *CITY, *REGION, *POSTCODE, *COUNTRY)}, **place}
    street, city = _text(parts, STREET), _text(parts, CITY)
    if not street or not city:
        return ()
    region, postcode, country = _text(parts, REGION), _text(parts, POSTCODE), _text(parts, COUNTRY)
    if country.upper() in POSTCODE_FIRST:
        line = f"{postcode} {city}"
    else:
        line = f"{city}, {region} {postcode}" if region else f"{city} {postcode}"
    return tuple(part for part in (name, street, " ".join(line.split())) if part)


def _text(values: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        found = values.get(name)
        if isinstance(found, str | int) and str(found).strip():
            return " ".join(str(found).split())
    return ""
