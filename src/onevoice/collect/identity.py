"""How a message names its person: identifiers, normalised, each with the trust it deserves, strongest first."""

import hashlib
import hmac
import re
from typing import Any

from onevoice.collect import address
from onevoice.collect.message import LONGEST_ID, Id
from onevoice.collect.plan import RANKS, Plan
from onevoice.collect.reasons import Refused
from onevoice.collect.schema import Schema, matches
from onevoice.collect.template import find, text
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import DAY, SECOND

Values = dict[str, Any]

#: Kinds for which nobody can vouch: they name a device or a browser, not a person.
UNVOUCHED = frozenset({"device_id", "push_token", "anonymous_id", "ga_client_id", "ad_id", "badge_id", "social"})

#: Types of `context.externalIds` as Segment names them, to our kinds.
EXTERNAL = {
    "android.id": "device_id",
    "ios.id": "device_id",
    "android.idfa": "ad_id",
    "ios.idfa": "ad_id",
    "android.push_token": "push_token",
    "ios.push_token": "push_token",
    "idfa": "ad_id",
    "gaid": "ad_id",
    "customer_id": "crm_id",
}

#: Properties and traits that name the person wherever they stand.
NAMING = ("loyalty_id", "crm_id", "card_alias")

#: Properties that name the person only if nothing else does: an invitation names somebody else by e-mail.
FALLBACK = ("email", "phone")

#: An identity claim may not be signed for longer than this.
LONGEST_CLAIM = 7 * DAY

NO_AD_ID = re.compile(r"[0-]*")
UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def id_of(value: Id, member: str) -> str:
    """
    Return an id as text; a number becomes text, nothing stays "".

    Raises:
        Refused: It is longer than 500 characters.
    """
    if value is None:
        return ""
    found = text(value)
    if len(found) > LONGEST_ID:
        raise Refused("bad_id", f"$.{member}", f"`{member}` has more than {LONGEST_ID} characters.")
    return found


def signature(secret: bytes, user_id: str, anonymous_id: str, expires: int) -> str:
    """
    Return the signature of an identity claim: hex HMAC-SHA256 over `user id LF anonymous id LF expiry`.

    The expiry counts seconds since 1970. The anonymous id ("" if there is none) binds the claim to one browser, so a
    copied signature is worth nothing elsewhere.
    """
    claim = f"{user_id}\n{anonymous_id}\n{expires}".encode()
    return hmac.new(secret, claim, hashlib.sha256).hexdigest()


def is_signed(claim: object, *, user_id: str, anonymous_id: str, secret: bytes, received_at: int) -> bool:
    """Tell whether `context.identity` proves the user id: signed with our secret, for this browser, not expired."""
    if not secret or not isinstance(claim, dict):
        return False
    given, expires = claim.get("signature"), claim.get("expires")
    if not isinstance(given, str) or type(expires) is not int or not given.isascii():
        return False
    if not received_at <= expires * SECOND <= received_at + LONGEST_CLAIM:
        return False
    return hmac.compare_digest(given.lower(), signature(secret, user_id, anonymous_id, expires))


class Names:
    """
    Collects the identifiers of one message; the same name given twice keeps its highest trust.

    *claimed* is what of *trust* is left for names for which nobody can vouch.
    """

    __slots__ = ("claimed", "country", "found", "ranks", "trust")

    def __init__(self, plan: Plan, trust: Trust, claimed: Trust = Trust.CLAIMED) -> None:
        self.country = plan.country
        self.ranks = plan.ranks
        self.trust = trust
        self.claimed = claimed
        self.found: dict[tuple[str, str], Trust] = {}

    def add(self, kind: str, value: object, *, trust: Trust | None = None) -> None:
        """Add a name if it can be one; what is malformed stays on the event, unused."""
        base = kind.partition("@")[0] if "@" in kind else kind
        plain = self._normalised(base, value)
        if not plain or len(plain) > LONGEST_ID:
            return
        granted = self.trust if trust is None else min(trust, self.trust)
        if base in UNVOUCHED:
            granted = min(granted, self.claimed)
        self.grant(kind, plain, granted)

    def grant(self, kind: str, value: str, trust: Trust) -> None:
        """Add a normalised name with exactly this trust."""
        key = (kind, value)
        if trust > self.found.get(key, -1):
            self.found[key] = trust

    def _normalised(self, base: str, value: object) -> str:
        plain = value if type(value) is str else text(value)
        if base == "email":
            return address.email(plain) if plain else ""
        if base == "phone":
            return address.phone(plain, self.country) if plain else ""
        if base == "ad_id":
            return "" if NO_AD_ID.fullmatch(plain) else plain.strip().lower()
        return plain.strip().replace("\0", "")

    def ordered(self) -> tuple[Identifier, ...]:
        """Return the identifiers, strongest kind first, then by kind and value: never by order of mention."""
        made = [Identifier(kind, value, trust) for (kind, value), trust in self.found.items()]
        if len(made) > 2 or (len(made) == 2 and self._place(made[1]) < self._place(made[0])):
            made.sort(key=self._place)
        return tuple(made)

    def _place(self, identifier: Identifier) -> tuple[int, str, str]:
        kind = identifier.kind
        rank = self.ranks.get(kind) or self.ranks.get(identifier.base, len(self.ranks) + 1)
        return (rank, kind, identifier.value)


def add_traits(names: Names, traits: Values) -> None:
    """Add what traits name: e-mail, phone, cards."""
    for kind in ("email", "phone", *NAMING):
        if (value := traits.get(kind)) is not None:
            names.add(kind, value)


def add_context(names: Names, context: Values) -> None:
    """Add what the context names: external ids, the device, advertising and analytics ids."""
    if "externalIds" in context:
        add_external(names, context["externalIds"])
    if "device" in context and isinstance(device := context["device"], dict):
        names.add("device_id", device.get("id"))
        names.add("push_token", device.get("token"))
        if device.get("adTrackingEnabled") is not False:
            names.add("ad_id", device.get("advertisingId"))
    if "integrations" in context:
        for tool in ("Google Analytics", "Google Analytics 4"):
            names.add("ga_client_id", find((tool, "clientId"), context["integrations"]))


def add_external(names: Names, listed: object) -> None:
    """
    Add external ids `{id, type, collection, encoding}`; a type may name its system, as `loyalty_id@till`.

    Raises:
        Refused: An id is an object, a list or a boolean.
    """
    for at, entry in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            continue
        if entry.get("id") is not None and not text(entry["id"]) and entry["id"] != "":
            raise Refused("bad_id", f"$.context.externalIds[{at}].id")
        told = entry["type"].strip().replace("\0", "")[:100]
        kind = EXTERNAL.get(told.lower(), told)
        if kind.partition("@")[0] in RANKS:
            names.add(kind, entry.get("id"))


def add_properties(names: Names, schema: Schema | None, properties: Values, context: Values) -> None:
    """Add what the properties name: by the event's schema, and the cards anywhere."""
    for kind in NAMING:
        if kind in properties:
            names.add(kind, properties[kind])
    if schema is not None:
        for kind, template, when, claimed in schema.names:
            if not when or matches(when, properties, context):
                names.add(kind, template.value(properties, context), trust=Trust.CLAIMED if claimed else None)


def previous(names: Names, value: str, anonymous_id: str) -> None:
    """Add the earlier name of an alias call: an anonymous id if it looks like one, else a user id."""
    is_anonymous = value == anonymous_id or UUID.fullmatch(value) is not None
    names.add("anonymous_id" if is_anonymous else "user_id", value)
