"""Reading: the bytes of a packet become events, or are refused with a reason. Nothing in them can raise an error."""

import re
from typing import Any

import msgspec

from onevoice.collect import channel, clock, identity, message, pixel
from onevoice.collect.address import is_card_number
from onevoice.collect.keys import hashed
from onevoice.collect.mending import mend
from onevoice.collect.message import Item
from onevoice.collect.plan import Plan
from onevoice.collect.reasons import ADVICE, Refused
from onevoice.collect.schema import Schema
from onevoice.collect.template import find, text
from onevoice.domain.event import Event, Rejected, TimeQuality
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.packet import Packet

Values = dict[str, Any]

#: What events without a name of their own are called.
NAMES = {
    "track": "",
    "identify": "User Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Group Joined",
    "alias": "User Aliased",
}

LONGEST_MESSAGE_ID = 100  #: characters; a longer one is hashed
LONGEST_NAME = 500  #: characters of an event name
MOST_FIELDS = 300  #: traits or properties

#: Libraries of servers that post live events to /v1/import: theirs is no import of history.
LIVE_IMPORTERS = frozenset({"analytics-java", "analytics-ruby"})

#: Properties that hold what must never be kept, and how the numbers among them look in JSON.
CARD_DATA = frozenset({"card_number", "cardNumber", "pan", "cvv", "cvc"})
CARD_DIGITS = re.compile(rb"\d(?:[ -]?\d){11,18}")

#: Members of an item that may hold anything, and are kept.
INSPECTED = ("traits", "properties", "context", "integrations", "external_ids", "name", "category", "channel")

#: Errors of the door, to the reasons under which their bytes are kept.
DOOR = {"event_too_large": "event_too_large", "batch_too_large": "batch_too_large"}

Answer = Event | Rejected
_events = msgspec.json.Decoder(list[Event])


def read(packet: Packet, plan: Plan) -> list[Answer]:
    """Return one event or reject for each thing that a packet says, in its order; total on any bytes."""
    if packet.path == "emit":
        return _emitted(packet, plan)
    desk = Desk(packet, plan)
    if "refused" in packet.meta:
        reason = DOOR.get(str(packet.meta["refused"]), "invalid_json")
        return [desk.reject(Refused(reason, "$"), packet.body)]
    try:
        if packet.path in {"batch", "import"}:
            return _batch(desk)
        return [desk.take(pixel.unfolded(packet.body) if packet.path == "pixel" else packet.body, 0)]
    except Refused as refused:
        return [desk.reject(refused, packet.body)]


def _batch(desk: "Desk") -> list[Answer]:
    try:
        found = message.batch(desk.packet.body)
    except Refused:
        found = message.batch(message.lenient(desk.packet.body))
    if found.batch is None:
        return [desk.take(desk.packet.body, 0)]
    desk.share(found)
    most = desk.plan.batch_events
    answers = [desk.take(bytes(raw), at) for at, raw in enumerate(found.batch[:most])]
    if len(found.batch) > most:
        answers.append(desk.overflow(found.batch[most:]))
    return answers


def _emitted(packet: Packet, plan: Plan) -> list[Answer]:
    """Read what the house said itself: it is believed, and only gets the business keys of its schema."""
    try:
        found = _events.decode(packet.body)
    except message.UNREADABLE as error:
        refused = Refused("invalid_json", "$", f"The house's own events cannot be read: {error}.")
        return [Desk(packet, plan).reject(refused, packet.body)]
    return [_keyed(event, packet.key, plan) for event in found]


def _keyed(event: Event, source: str, plan: Plan) -> Event:
    schema = plan.schemas.get(event.name)
    keys = event.keys
    if not keys and schema is not None and not event.derived:
        keys = schema.business_keys(event.properties, event.context)
    if keys == event.keys and event.source:
        return event
    return msgspec.structs.replace(event, keys=keys, source=event.source or source)


class Desk:
    """Reads the messages of one packet, one after the other."""

    __slots__ = ("claimed", "first", "integrations", "packet", "plan", "sent", "sent_at", "shared", "trust")

    def __init__(self, packet: Packet, plan: Plan) -> None:
        self.packet = packet
        self.plan = plan
        self.trust = Trust(packet.trust)
        self.claimed = min(self.trust, Trust.CLAIMED)
        self.first = not packet.meta.get("retry_count") or packet.meta["retry_count"] == "0"
        self.shared: Values = {}
        self.integrations: Values = {}
        self.sent: Any = None
        self.sent_at: int | None = None

    def share(self, batch: message.Batch) -> None:
        """
        Remember what the batch says once for all its items.

        Raises:
            Refused: It is nested too deeply, or holds a number that is too long.
        """
        if message.is_suspicious(self.packet.body):
            message.inspect(batch.context, "$.context", 2)
            message.inspect(batch.integrations, "$.integrations", 2)
        self.shared = batch.context or {}
        self.integrations = batch.integrations if isinstance(batch.integrations, dict) else {}
        self.sent = batch.sent_at if isinstance(batch.sent_at, str | int | float) else None
        self.sent_at = clock.moment(batch.sent_at)

    def take(self, raw: bytes, index: int) -> Answer:
        """Read one message."""
        try:
            return self._take(raw, index)
        except Refused as refused:
            return self.reject(refused, raw)

    def _take(self, raw: bytes, index: int) -> Event:
        if len(raw) > self.plan.event_bytes:
            raise Refused("event_too_large", "$", f"The event has {len(raw)} bytes, {self.plan.event_bytes} may be.")
        try:
            item = message.item(raw)
        except Refused as refused:
            if refused.reason != "invalid_json" or b"\\u" not in raw:
                raise
            raw = message.lenient(raw)
            item = message.item(raw)
        if message.is_suspicious(raw):
            for name in INSPECTED:
                message.inspect(getattr(item, name), f"$.{name}", 2)
        return self._event(item, raw, index)

    def _event(self, item: Item, raw: bytes, index: int) -> Event:
        kind = self._kind(item)
        context, library = self._context(item)
        traits, properties = _payload(item, kind, context)
        name, schema, keys = self._named(item, kind, properties, context)
        if len(properties) > MOST_FIELDS or len(traits) > MOST_FIELDS:
            which = "$.properties" if len(properties) > MOST_FIELDS else "$.traits"
            raise Refused("schema_violation", which, f"An event has at most {MOST_FIELDS} properties or traits.")
        identifiers = self._identifiers(item, kind, schema, traits, properties, context)
        by_name = schema.channel if schema else ""
        is_pixel = self.packet.path == "pixel"
        where = channel.infer(context, schema=by_name, library=library, kind=kind, pixel=is_pixel)
        written = item.timestamp if item.timestamp is not None else item.original_timestamp
        original = self._original(written, where, properties, context)
        at, quality, sent_at, imported = self._settled(original, item, library)
        return Event(
            id=self._id(item, raw, index, context, timed=written is not None),
            name=name,
            type=kind,  # type: ignore[arg-type]
            channel=where,
            occurred_at=at,
            received_at=self.packet.received_at,
            sent_at=sent_at,
            original_at="" if written is None else text(written)[:64],
            time_quality=quality,
            identifiers=identifiers,
            traits=traits,
            properties=properties,
            context=context,
            source=self.packet.key,
            keys=keys,
            historical=imported,
        )

    def _kind(self, item: Item) -> str:
        """Return what kind of call this is, once it is clear that it may speak here at all."""
        kind = item.type
        if not kind:
            is_pixel = self.packet.path == "pixel"
            kind = str(self.packet.meta.get("type", "track")) if is_pixel else self.packet.path
        if kind not in NAMES:
            raise Refused("unknown_type", "$.type")
        if item.write_key is not None and not self.plan.owns(str(item.write_key)):
            raise Refused("key_mismatch", "$.writeKey")
        return kind

    def _settled(self, original: int | None, item: Item, library: str) -> tuple[int, TimeQuality, int | None, bool]:
        """Return when it happened, how sure that is, when it was sent, and whether it is imported history."""
        imported = self._is_import(library)
        sent_at = self.sent_at if item.sent_at is None else clock.moment(item.sent_at)
        received_at, early = self.packet.received_at, library in clock.EARLY
        at, quality = clock.settle(original, sent_at, received_at, first=self.first, early=early, imported=imported)
        return at, quality, sent_at, imported

    def _is_import(self, library: str) -> bool:
        return self.packet.path == "import" and self.trust is Trust.VERIFIED and library not in LIVE_IMPORTERS

    def _context(self, item: Item) -> tuple[Values, str]:
        """Return the item's context over the batch's, with what the connection knows of a client, and its library."""
        context = item.context if item.context is not None else {}
        if self.shared:
            context = merged(self.shared, context)
        elif not isinstance(context, dict):
            context = {}
        for name in ("flags", "groupId"):
            context.pop(name, None)
        told = context.get("channel", item.channel)
        if told is not None:
            context["channel"] = channel.of_word(told) or told
        if item.external_ids is not None and "externalIds" not in context:
            context["externalIds"] = item.external_ids
        self._integrations(item, context)
        library = _library(context)
        if context.get("direct") is True or channel.of_library(library) or self.packet.path == "pixel":
            _connection(context, self.packet.meta)
        return context, library

    def _integrations(self, item: Item, context: Values) -> None:
        given = item.integrations if isinstance(item.integrations, dict) else {}
        if self.integrations:
            given = merged(self.integrations, given)
        if given and given != {"All": True}:
            context["integrations"] = given

    def _named(
        self, item: Item, kind: str, properties: Values, context: Values
    ) -> tuple[str, Schema | None, tuple[str, ...]]:
        """Return the event's name, mended and in today's words, its schema and its business keys."""
        name = NAMES[kind] or (item.event or item.action or "").strip().replace("\0", "")
        if not name or len(name) > LONGEST_NAME:
            raise Refused("no_event_name", "$.event")
        if self.plan.mendings and name in self.plan.mendings:
            name = mend(self.plan.mendings[name], self.packet.key, name, properties)
        if name in self.plan.blocked:
            raise Refused("plan_blocked", "$.event")
        _refuse_cards(properties)
        schema = self.plan.schemas.get(name)
        if schema is None:
            return name, None, ()
        schema.check(properties, context, self.plan.currency)
        return schema.name, schema, schema.business_keys(properties, context) if schema.keys else ()

    def _identifiers(
        self, item: Item, kind: str, schema: Schema | None, traits: Values, properties: Values, context: Values
    ) -> tuple[Identifier, ...]:
        names = identity.Names(self.plan, self.trust, self.claimed)
        user_id = identity.id_of(item.user_id if item.user_id is not None else item.user_alias, "userId")
        anonymous = item.anonymous_id if item.anonymous_id is not None else item.anonymous_alias
        anonymous_id = identity.id_of(anonymous, "anonymousId")
        if user_id:
            names.grant("user_id", user_id, self._user_trust(user_id, anonymous_id, context))
        if anonymous_id:
            names.grant("anonymous_id", anonymous_id, names.claimed)
        if kind == "alias":
            identity.previous(names, text(properties.get("previous_id")), anonymous_id)
        if traits:
            identity.add_traits(names, traits)
        identity.add_context(names, context)
        identity.add_properties(names, schema, properties, context)
        if not names.found:
            for fallback in identity.FALLBACK:
                names.add(fallback, properties.get(fallback))
        if not names.found:
            raise Refused("no_identity", "$")
        return names.ordered()

    def _user_trust(self, user_id: str, anonymous_id: str, context: Values) -> Trust:
        if "identity" not in context:
            return self.trust
        signed = identity.is_signed(
            context.pop("identity"),
            user_id=user_id,
            anonymous_id=anonymous_id,
            secret=self.plan.secret,
            received_at=self.packet.received_at,
        )
        return Trust.VERIFIED if signed else self.trust

    def _original(self, written: Any, where: str, properties: Values, context: Values) -> int | None:
        """Return when the sender says it happened; tills speak in business dates and store time."""
        if where != "store":
            return clock.moment(written)
        told = find(("store", "time_zone"), context) or context.get("timezone")
        zone = clock.zone_named(told if isinstance(told, str) else self.plan.time_zone)
        found = None
        if "business_date" in properties and (written is None or "till_time" in properties):
            found = clock.till_moment(properties["business_date"], properties.get("till_time"), zone)
        return clock.moment(written, zone) if found is None else found

    def _id(self, item: Item, raw: bytes, index: int, context: Values, *, timed: bool) -> str:
        """Return the message id, its hash if it is too long, or one derived from what was sent, when and where."""
        given = text(item.message_id)
        if given and len(given) <= LONGEST_MESSAGE_ID:
            return given
        if given:
            context["flags"] = [*context.get("flags", ()), "long_message_id"]
            return hashed(given.encode())
        if not timed:
            return hashed(f"{self.packet.key}\0{self.packet.seq}\0{index}".encode())
        try:
            said = msgspec.json.decode(raw)
            said.pop("sentAt", None)
            return hashed(msgspec.json.encode((self.packet.key, said, index), order="sorted"))
        except message.UNREADABLE as error:
            raise Refused("invalid_json", "$") from error

    def reject(self, refused: Refused, raw: bytes) -> Rejected:
        """Return what is kept of a refused message, with all that a replay needs."""
        name, library = _probe(raw)
        if refused.path.rpartition(".")[2] in {*CARD_DATA, "card_alias"}:
            raw = CARD_DIGITS.sub(b"0", raw)
        return Rejected(
            reason=refused.reason,
            detail=refused.detail.replace("\0", "")[:1_000],
            path=refused.path.replace("\0", "")[:500],
            source=self.packet.key,
            library=library,
            received_at=self.packet.received_at,
            raw=raw,
            name=name,
            meta=self._meta(),
        )

    def _meta(self) -> Values:
        meta: Values = {"trust": int(self.trust), "path": self.packet.path, "meta": dict(self.packet.meta)}
        meta["meta"].pop("refused", None)
        shared = {"context": self.shared, "integrations": self.integrations, "sentAt": self.sent}
        if used := {name: value for name, value in shared.items() if value}:
            meta["shared"] = used
        return meta

    def overflow(self, items: list[msgspec.Raw]) -> Rejected:
        """Return one reject for all items beyond the limit: a batch of the rest, which a replay takes in."""
        shared = {"context": self.shared, "integrations": self.integrations, "sentAt": self.sent}
        raw = msgspec.json.encode({"batch": items, **{name: value for name, value in shared.items() if value}})
        detail = f"{len(items)} events beyond the {self.plan.batch_events} of one batch. {ADVICE['batch_overflow']}"
        made = self.reject(Refused("batch_overflow", "$.batch", detail), raw)
        made.meta.pop("shared", None)
        return made


def _refuse_cards(properties: Values) -> None:
    if "card_alias" in properties and is_card_number(text(properties["card_alias"])):
        raise Refused("schema_violation", "$.properties.card_alias", "An alias must not be the card number itself.")
    if not CARD_DATA.isdisjoint(properties):
        which = min(CARD_DATA.intersection(properties))
        raise Refused("schema_violation", f"$.properties.{which}", "Card data must not be sent; send a card_alias.")


def merged(under: Values, over: Values) -> Values:
    """Return two objects as one, the second winning, objects inside them merged alike."""
    made = {**under, **over}
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(below := under.get(name), dict):
            made[name] = merged(below, value)
    return made


def _library(context: Values) -> str:
    library = context.get("library")
    if type(library) is dict and type(name := library.get("name")) is str:
        return name.lower()
    return ""


def _connection(context: Values, meta: Values) -> None:
    for name, known in (("ip", "ip"), ("userAgent", "user_agent")):
        if known in meta and not context.get(name):
            context[name] = meta[known]


def _payload(item: Item, kind: str, context: Values) -> tuple[Values, Values]:
    """Return the traits of the person and the properties of the event; traits of a group are the event's."""
    inner = context.pop("traits", None)
    traits: Values = inner if isinstance(inner, dict) else {}
    properties = item.properties or {}
    if item.traits:
        if kind == "group":
            properties = {**item.traits, **properties}
        else:
            traits = {**traits, **item.traits} if traits else item.traits
    group_id = identity.id_of(item.group_id if item.group_id is not None else item.group_alias, "groupId")
    if group_id:
        context["groupId"] = group_id
    if kind in {"page", "screen"}:
        for name, value in (("name", item.name), ("category", item.category)):
            if value is not None:
                properties.setdefault(name, value)
    elif kind == "alias":
        before = item.previous_id if item.previous_id is not None else item.previous_alias
        properties = {**properties, "previous_id": identity.id_of(before, "previousId")}
    elif kind == "group" and group_id:
        properties.setdefault("group_id", group_id)
    return traits, properties


def _probe(raw: bytes) -> tuple[str, str]:
    """Return the name and library of a refused message, as far as they can be read."""
    try:
        found = msgspec.json.decode(raw)
    except message.UNREADABLE:
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    told = [found.get("event"), found.get("action"), NAMES.get(str(found.get("type")))]
    name = next((text(one) for one in told if isinstance(one, str) and one.strip()), "")
    library = find(("context", "library", "name"), found)
    return name[:LONGEST_NAME], text(library)[:200] if isinstance(library, str) else ""
