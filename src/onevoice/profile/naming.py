"""What a person is called: by their traits, else by their best address, else by what they are."""

from onevoice.domain.profile import Profile

FIRST = ("first_name", "firstName", "firstname", "given_name")
LAST = ("last_name", "lastName", "lastname", "family_name")
WHOLE = ("name", "full_name", "fullName", "display_name")
UNKNOWN = "Unknown visitor"


def display_name(profile: Profile) -> str:
    """Return the name to show, at most 200 characters."""
    return (name(profile) or address(profile, "email") or address(profile, "phone") or _strongest(profile))[:200]


def name(profile: Profile) -> str:
    """Return the person's own name as their traits give it; "" if they do not."""
    parts = " ".join(part for part in (_text(profile, FIRST), _text(profile, LAST)) if part)
    whole = _text(profile, WHOLE)
    return whole if len(whole) > len(parts) else parts


def address(profile: Profile, kind: str) -> str:
    """Return the best identifier of a kind: one that may be written to, else one merely claimed."""
    found = [one for one in profile.identifiers if one.identifier.base == kind]
    found.sort(key=lambda one: (not one.contactable, one.identifier.kind, one.identifier.value))
    return found[0].identifier.value if found else ""


def initials(shown: str) -> str:
    """Return one or two capital letters that stand for a name."""
    words = [word for word in shown.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = words[:1] if len(words) < 2 else [words[0], words[-1]]
    return "".join(word[0] for word in letters).upper() or "?"


def city(profile: Profile) -> str:
    """Return the city, from the trait or the postal address."""
    found = _text(profile, ("city", "town"))
    place = profile.value("address")
    return found or (str(place.get("city") or "") if isinstance(place, dict) else "")


def _text(profile: Profile, names: tuple[str, ...]) -> str:
    for one in names:
        found = profile.value(one)
        if isinstance(found, str) and found.strip():
            return " ".join(found.split())
    return ""


def _strongest(profile: Profile) -> str:
    """Return what to call someone without name or address: visitors stay unknown, members go by their number."""
    for one in profile.identifiers:
        if one.identifier.base in ("user_id", "crm_id", "loyalty_id"):
            return f"{one.identifier.base.removesuffix('_id').capitalize()} {one.identifier.value}"
    return UNKNOWN
