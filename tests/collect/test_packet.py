"""Bytes become events, or are refused with a named reason: the rows of the wire contract."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onevoice.collect.keys import hashed
from onevoice.collect.packet import merged, read
from onevoice.collect.plan import Plan
from onevoice.collect.reasons import ADVICE, REASONS
from onevoice.collect.vocabulary import VOCABULARY
from onevoice.domain.event import Event, Rejected
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.packet import Packet
from tests.collect.speech import PLAN, heard, names, packet, refused
from tests.conftest import NOW

TRACK = {"type": "track", "event": "Tried", "userId": "u1", "messageId": "m1"}


def test_whole_event() -> None:
    """A browser's track call becomes one event with every field in its place."""
    item = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "ajs-1",
        "userId": "u1",
        "anonymousId": "a1",
        "timestamp": "2025-12-31T23:59:59.000Z",
        "properties": {"product_id": "p1", "price": 9.5, "currency": "EUR"},
        "context": {
            "library": {"name": "analytics.js", "version": "next-1.70.0"},
            "traits": {"email": "Ann@Example.com"},
        },
        "integrations": {},
        "writeKey": "wk_1",
    }
    body = {"batch": [item], "sentAt": "2025-12-31T23:59:59.000Z", "writeKey": "wk_1"}

    assert [
        Event(
            id="ajs-1",
            name="Product Viewed",
            type="track",
            channel="web",
            occurred_at=NOW,
            received_at=NOW,
            sent_at=NOW - 1_000_000,
            original_at="2025-12-31T23:59:59.000Z",
            time_quality="corrected",
            identifiers=(
                Identifier("user_id", "u1", Trust.CLAIMED),
                Identifier("email", "ann@example.com", Trust.CLAIMED),
                Identifier("anonymous_id", "a1", Trust.CLAIMED),
            ),
            traits={"email": "Ann@Example.com"},
            properties={"product_id": "p1", "price": 9.5, "currency": "EUR"},
            context={"library": {"name": "analytics.js", "version": "next-1.70.0"}, "ip": "203.0.113.9"},
            source="site",
        )
    ] == read(packet(body, ip="203.0.113.9"), PLAN)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("identify", "User Identified"),
        ("page", "Page Viewed"),
        ("screen", "Screen Viewed"),
        ("group", "Group Joined"),
        ("alias", "User Aliased"),
    ],
)
def test_path_supplies_a_missing_type(path: str, name: str) -> None:
    """A single event without a type takes it from its address, and gets a name in Title Case."""
    event = heard({"userId": "u1", "messageId": "m1"}, path=path)

    assert (path, name) == (event.type, event.name)


def test_batch_items_need_their_type() -> None:
    """In a batch nothing supplies the type: the item is refused, its neighbours are not."""
    answers = read(packet({"batch": [{"userId": "u1", "event": "Tried"}, TRACK]}), PLAN)

    assert ["unknown_type", "Tried"] == [getattr(answers[0], "reason", ""), answers[1].name]


def test_batch_context_and_integrations_merge_and_the_item_wins() -> None:
    """What a batch says once holds for its items, unless they say otherwise; nested objects merge alike."""
    item = TRACK | {"context": {"app": {"version": "2"}}, "integrations": {"A": False}}
    body = {
        "batch": [item],
        "context": {"app": {"name": "shop", "version": "1"}, "locale": "de"},
        "integrations": {"A": True, "B": True},
    }
    (event,) = read(packet(body), PLAN)
    assert isinstance(event, Event)

    assert {
        "app": {"name": "shop", "version": "2"},
        "locale": "de",
        "integrations": {"A": False, "B": True},
    } == event.context


def test_sent_at_is_inherited() -> None:
    """An item without sentAt takes its batch's; one with its own keeps it."""
    body = {"batch": [TRACK, TRACK | {"sentAt": "2026-01-01T00:00:00Z"}], "sentAt": "2025-12-31T23:59:50Z"}

    assert [NOW - 10_000_000, NOW] == [getattr(answer, "sent_at", None) for answer in read(packet(body), PLAN)]


@pytest.mark.parametrize(
    ("alias", "segment"),
    [
        ({"user_id": "u9"}, {"userId": "u9"}),
        ({"anonymous_id": "a9"}, {"anonymousId": "a9"}),
        ({"userId": 12}, {"userId": "12"}),
        ({"userId": 12.0}, {"userId": "12"}),
        (
            {"externalIds": [{"id": "c1", "type": "crm_id"}]},
            {"context": {"externalIds": [{"id": "c1", "type": "crm_id"}]}},
        ),
    ],
)
def test_aliases(alias: dict[str, Any], segment: dict[str, Any]) -> None:
    """Other spellings of an identity mean the same as Segment's; numbers become text."""
    bare = {"event": "Tried", "messageId": "m1"}

    assert heard(bare | segment) == heard(bare | alias)


def test_action_is_an_event_name() -> None:
    """Segment's e-mail spec says `action` for `event`."""
    assert "Email Opened" == heard({"action": "Email Opened", "userId": "u1"}).name


def test_context_traits_are_the_persons() -> None:
    """Traits in the context of a track call are traits; those of the call itself win."""
    event = heard(TRACK | {"context": {"traits": {"city": "Bonn", "age": 1}}, "traits": {"age": 2}})

    assert ({"city": "Bonn", "age": 2}, {}) == (event.traits, event.context)


def test_group_traits_are_not_the_persons() -> None:
    """What a group call says of a company is never taken for the person's."""
    event = heard({"userId": "u1", "groupId": 5, "traits": {"name": "Acme", "phone": "+12125550123"}}, path="group")

    assert ({}, {"name": "Acme", "phone": "+12125550123", "group_id": "5"}, "5") == (
        event.traits,
        event.properties,
        event.context["groupId"],
    )
    assert [("user_id", "u1", "claimed")] == names(event)


def test_page_name_and_category_are_properties() -> None:
    """Name and category of a page are kept as properties, where Segment's browser library puts them too."""
    item = {"userId": "u1", "name": "Home", "category": "Docs", "properties": {"name": "Start"}}

    assert {"name": "Start", "category": "Docs"} == heard(item, path="page").properties


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Viewed Product", "Product Viewed"),
        ("Added Product", "Product Added"),
        ("Completed Order", "Order Completed"),
        ("Started Order", "Checkout Started"),
        ("Viewed Product Category", "Product List Viewed"),
    ],
)
def test_v1_names_are_read_as_v2(old: str, new: str) -> None:
    """The names of Segment's first e-commerce spec mean those of the second."""
    assert new == heard({"event": old, "userId": "u1"}).name


def test_v1_properties_are_read_as_v2() -> None:
    """So do their properties, down to the lines of an order."""
    event = heard({"event": "Completed Order", "userId": "u1", "properties": {"orderId": 5, "products": [{"id": "p"}]}})

    assert ({"order_id": "5", "products": [{"product_id": "p"}]}, ("order:5",)) == (event.properties, event.keys)


CASES: list[tuple[str, Any, str, str]] = [
    ("no JSON", b"{nope", "invalid_json", "$"),
    ("no object", b"[1,2]", "invalid_json", "$"),
    ("invalid UTF-8", b'{"userId":"u1","event":"\xff\xfe"}', "invalid_json", "$"),
    ("not a number", b'{"userId":"u1","event":"Tried","properties":{"a":NaN}}', "invalid_json", "$"),
    ("huge float", b'{"userId":"u1","event":"Tried","properties":{"a":1e999}}', "invalid_json", "$.properties[...]"),
    (
        "huge integer",
        b'{"userId":"u1","event":"T","properties":{"a":%b}}' % (b"9" * 30),
        "invalid_json",
        "$.properties.a",
    ),
    (
        "very huge integer",
        b'{"userId":"u1","event":"T","properties":{"a":%b}}' % (b"9" * 9000),
        "invalid_json",
        "$.properties[...]",
    ),
    (
        "deep nesting",
        b'{"userId":"u1","event":"T","properties":{"a":%b%b}}' % (b"[" * 70, b"]" * 70),
        "invalid_json",
        "$.properties",
    ),
    ("bottomless nesting", b'{"properties":{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}", "invalid_json", "$"),
    ("too large", TRACK | {"properties": {"text": "x" * 33_000}}, "event_too_large", "$"),
    ("bad type", TRACK | {"type": "tracks"}, "unknown_type", "$.type"),
    ("type is no text", TRACK | {"type": 5}, "unknown_type", "$.type"),
    ("no identity", {"event": "Tried"}, "no_identity", "$"),
    ("blank identity", {"event": "Tried", "userId": " "}, "no_identity", "$"),
    ("malformed e-mail only", {"event": "Tried", "traits": {"email": "nobody"}}, "no_identity", "$"),
    ("no event name", {"userId": "u1"}, "no_event_name", "$.event"),
    ("event name is no text", {"userId": "u1", "event": {"a": 1}}, "no_event_name", "$.event"),
    ("object id", {"event": "Tried", "userId": {"a": 1}}, "bad_id", "$.userId"),
    ("list id", {"event": "Tried", "anonymousId": ["a"]}, "bad_id", "$.anonymousId"),
    ("boolean id", {"event": "Tried", "userId": True}, "bad_id", "$.userId"),
    (
        "external id is an object",
        TRACK | {"externalIds": [{"id": {}, "type": "crm_id"}]},
        "bad_id",
        "$.context.externalIds[0].id",
    ),
    ("long group id", TRACK | {"groupId": "g" * 501}, "bad_id", "$.groupId"),
    ("long user id", TRACK | {"userId": "g" * 501}, "bad_id", "$.userId"),
    ("many properties", TRACK | {"properties": {f"p{n}": 1 for n in range(301)}}, "schema_violation", "$.properties"),
    ("many traits", TRACK | {"traits": {f"p{n}": 1 for n in range(301)}}, "schema_violation", "$.traits"),
    ("properties are a list", TRACK | {"properties": [1]}, "schema_violation", "$.properties"),
    ("context is text", TRACK | {"context": "x"}, "schema_violation", "$.context"),
    (
        "card number",
        TRACK | {"properties": {"card_number": "4111111111111111"}},
        "schema_violation",
        "$.properties.card_number",
    ),
]


@pytest.mark.parametrize(("body", "reason", "path"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refusals(body: Any, reason: str, path: str) -> None:
    """What cannot become an event is refused with its reason and the place in its JSON."""
    reject = refused(body)

    assert (reason, path, "site", NOW) == (reject.reason, reject.path, reject.source, reject.received_at)


def test_refused_item_spares_its_neighbours() -> None:
    """Inside a batch each item is refused or taken by itself, in order."""
    items = [body for _, body, reason, _ in CASES if isinstance(body, dict) and reason != "unknown_type"]
    batch = [{"type": "track", **item} for item in items]
    answers = read(packet({"batch": [TRACK, *batch, TRACK]}), PLAN)

    assert ["Tried", *(reason for _, body, reason, _ in CASES if body in items), "Tried"] == [
        answer.reason if isinstance(answer, Rejected) else answer.name for answer in answers
    ]


def test_reject_keeps_what_a_replay_needs() -> None:
    """A refused item keeps its own bytes, its name and library, and what its batch and the door knew."""
    item = {"type": "track", "event": "Tried", "context": {"library": {"name": "py", "version": "1"}}}
    body = {"batch": [item], "sentAt": "2026-01-01T00:00:00Z", "context": {"locale": "de"}}
    (reject,) = read(packet(body, trust=Trust.VERIFIED, ip="203.0.113.9"), PLAN)
    assert isinstance(reject, Rejected)

    assert (msgspec.json.encode(item), "Tried", "py") == (reject.raw, reject.name, reject.library)
    assert {
        "trust": 2,
        "path": "batch",
        "meta": {"ip": "203.0.113.9"},
        "shared": {"context": {"locale": "de"}, "sentAt": "2026-01-01T00:00:00Z"},
    } == reject.meta


def test_card_numbers_are_not_kept() -> None:
    """The bytes of an event refused for card data keep their JSON but not the number."""
    reject = refused(TRACK | {"properties": {"card_number": "4111 1111 1111 1111"}})

    assert b"1111" not in reject.raw
    assert "Tried" == msgspec.json.decode(reject.raw)["event"]


def test_batch_overflow_is_one_batch_of_the_rest() -> None:
    """Items beyond the limit are refused together, as a batch that can be replayed whole."""
    plan = Plan(batch_events=2)
    body = {"batch": [TRACK | {"messageId": f"m{n}"} for n in range(5)], "sentAt": "2026-01-01T00:00:00Z"}
    *events, rest = read(packet(body), plan)
    assert isinstance(rest, Rejected)

    assert (["m0", "m1"], "batch_overflow") == ([event.id for event in events if isinstance(event, Event)], rest.reason)
    assert [f"m{n}" for n in (2, 3)] == [getattr(one, "id", "") for one in read(packet(rest.raw), plan)[:2]]
    assert rest.detail.startswith("3 events beyond the 2 of one batch.")


def test_half_an_emoji_is_no_loss() -> None:
    """A text that was cut inside a surrogate pair is read with a question mark, alone or in a batch."""
    item = b'{"type":"track","event":"Tried","userId":"u1","properties":{"text":"so \\ud83d"}}'

    assert {"text": "so ?"} == heard(item).properties  # type: ignore[arg-type]
    assert [{"text": "so ?"}] == [
        getattr(one, "properties", None) for one in read(packet(b'{"batch":[%b]}' % item), PLAN)
    ]


def test_zero_bytes_are_taken_out_of_names() -> None:
    """A zero byte, which PostgreSQL cannot store in text, does not stop an event."""
    event = heard({"event": "Tr\0ied", "userId": "u\0001", "messageId": "m\0001"})

    assert ("Tried", "m1", [("user_id", "u1", "claimed")]) == (event.name, event.id, names(event))


def test_long_message_id_is_hashed_and_flagged() -> None:
    """A message id over 100 characters is accepted under its hash; exactly 100 is kept."""
    long, short = heard(TRACK | {"messageId": "m" * 101}), heard(TRACK | {"messageId": "m" * 100})

    assert (hashed(b"m" * 101), ["long_message_id"]) == (long.id, long.context["flags"])
    assert ("m" * 100, {}) == (short.id, short.context)


def test_missing_message_id_is_derived() -> None:
    """Without a message id the same item at the same place and time is the same event, whatever its member order."""
    first = {"type": "track", "event": "Tried", "userId": "u1", "timestamp": "2026-01-01T00:00:00Z"}
    turned = dict(reversed(first.items()))
    one, two = (read(packet({"batch": [item, item], "sentAt": "x"}, at=NOW + 9), PLAN) for item in (first, turned))

    assert [getattr(event, "id", 1) for event in one] == [getattr(event, "id", 2) for event in two]
    assert 2 == len({getattr(event, "id", "") for event in one})


def test_no_id_and_no_time_is_always_new() -> None:
    """Without message id and time nothing tells a copy from a repetition: every delivery is new."""
    item = {"event": "Tried", "userId": "u1"}
    bodies = [msgspec.structs.replace(packet(item, path="track"), seq=seq) for seq in (1, 2)]

    assert 2 == len({getattr(read(one, PLAN)[0], "id", "") for one in bodies})


def test_key_of_another_workspace() -> None:
    """An item with the write key of another workspace is refused; one of ours, even a secret one, is not."""
    secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # SHA-256 of "secret"
    plan = Plan(tokens=frozenset({"wk_1", secret}))

    assert "key_mismatch" == refused(TRACK | {"writeKey": "wk_2"}, plan).reason
    assert ["Tried", "Tried"] == [heard(TRACK | {"writeKey": key}, plan).name for key in ("wk_1", "secret")]


def test_blocked_events() -> None:
    """An event that the tracking plan blocks is refused, not lost."""
    assert "plan_blocked" == refused(TRACK, Plan(blocked=frozenset({"Tried"}))).reason


@pytest.mark.parametrize(
    ("door", "reason"),
    [("invalid_json", "invalid_json"), ("no_batch", "invalid_json"), ("event_too_large", "event_too_large")],
)
def test_what_the_door_refused_stays_refused(door: str, reason: str) -> None:
    """Bytes that were answered with 400 are only kept to be looked at, even if they could be read."""
    reject = refused(TRACK, refused=door)

    assert (reason, {}) == (reject.reason, reject.meta["meta"])


def test_direct_and_client_libraries_get_the_connections_address() -> None:
    """The address of the connection is the person's only if they hold the other end; one they sent stays."""
    client = {"context": {"library": {"name": "analytics-kotlin"}}}
    cases = [client, {"context": {"direct": True}}, {"context": {"direct": True, "ip": "0.0.0.0"}}, {}]

    assert ["203.0.113.9", "203.0.113.9", "0.0.0.0", None] == [
        heard(TRACK | case, ip="203.0.113.9").context.get("ip") for case in cases
    ]


def test_pixel() -> None:
    """A pixel's event, as the door decoded it, is read like any other, in the channel its name tells."""
    item = {"type": "track", "event": "Email Opened", "userId": "u1", "properties": {"email_id": "e1"}}
    event = heard(item, path="pixel", type="track", user_agent="Mail/1")

    assert ("Email Opened", "email", {"email_id": "e1"}, "Mail/1") == (
        event.name,
        event.channel,
        event.properties,
        event.context["userAgent"],
    )


@pytest.mark.parametrize(
    "query",
    [
        b"data=eyJldmVudCI6IlRyaWVkIiwidXNlcklkIjoidTEiLCJwcm9wZXJ0aWVzIjp7InN1YmplY3QiOiLDvMO_In19",
        b"data=eyJldmVudCI6IlRyaWVkIiwidXNlcklkIjoidTEiLCJwcm9wZXJ0aWVzIjp7InN1YmplY3QiOiLDvMO%2FIn19%3D",
        b"event=Tried&userId=u1&properties.subject=%C3%BC%C3%BF",
    ],
)
def test_pixel_query(query: bytes) -> None:
    """A pixel may also be kept as its query: base64 in either alphabet, padded or not, or dotted names."""
    event = heard(query, path="pixel")  # type: ignore[arg-type]

    assert ("Tried", "web", {"subject": "üÿ"}) == (event.name, event.channel, event.properties)


@pytest.mark.parametrize("query", [b"data=%%%", b"data=a", b"&".join(b"a%d=1" % n for n in range(401)), b"\xff=1"])
def test_broken_pixels_are_kept(query: bytes) -> None:
    """A pixel that cannot be read becomes a reject, for its sender only ever sees a picture."""
    reject = refused(query, path="pixel")

    assert ("invalid_json", query) == (reject.reason, reject.raw)


DEEP = b"[" * 400 + b"]" * 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch":[{"type":"track","event":"T","userId":"u"}],"context":{"a":%b}}' % DEEP,
        b'{"batch":[{"type":"track","event":"T","userId":"u"}],"integrations":{"a":%b}}' % DEEP,
        b'{"batch":[{"type":"track","event":"T","userId":"u","externalIds":%b}]}' % DEEP,
        b'{"batch":[{"type":"page","userId":"u","name":%b}]}' % DEEP,
    ],
)
def test_depth_is_watched_everywhere(body: bytes) -> None:
    """Whatever part of a batch is nested too deeply, it is refused before it is kept anywhere."""
    assert "invalid_json" == refused(body, path="batch").reason


def test_emitted_events_are_believed() -> None:
    """The house's own events are taken as they are; what has a business key gets it."""
    said = Event(
        id="i1",
        name="Order Completed",
        occurred_at=5,
        received_at=NOW,
        identifiers=(Identifier("loyalty_id", "L1", Trust.VERIFIED),),
        properties={"order_id": "o1", "total": "any"},
        source="import:till",
    )
    (event,) = read(packet([said], path="emit"), PLAN)

    assert msgspec.structs.replace(said, keys=("order:o1",)) == event


def test_reasons_have_advice() -> None:
    """Every reason comes with a sentence that says what to do."""
    assert all(ADVICE[reason].endswith(".") for reason in REASONS)
    assert 12 == len(REASONS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = [
    *("type", "event", "action", "messageId", "timestamp", "originalTimestamp", "sentAt", "name", "batch", "channel"),
    *("userId", "anonymousId", "previousId", "groupId", "externalIds", "writeKey"),
    *("traits", "properties", "context", "integrations"),
]
WORDS = st.sampled_from(["track", "alias", "group", "Order Completed", "Call Ended", "2026-01-01", "a@b.de", ""])
ITEMS = st.dictionaries(st.sampled_from(MEMBERS), WORDS | JSON, max_size=9)
PATHS = st.sampled_from(["batch", "identify", "track", "page", "screen", "group", "alias", "pixel", "import", "emit"])


@given(path=PATHS, body=st.binary(max_size=60))
@example(path="batch", body=b'{"batch":[1,"",null,[],{}]}')
@example(path="emit", body=b"[{}]")
def test_any_bytes_are_answered(path: str, body: bytes) -> None:
    """No bytes make the reader fail."""
    assert [] == [one for one in read(packet(body, path=path), PLAN) if not isinstance(one, Event | Rejected)]


@given(path=PATHS, items=st.lists(ITEMS | JSON, max_size=4), trust=st.sampled_from(Trust))
def test_any_json_is_answered_and_can_be_stored(path: str, items: list[Any], trust: Trust) -> None:
    """Every item of any batch gets one answer, which can be written and read again, and is named by its reason."""
    answers = read(packet({"batch": items}, path=path, trust=trust), PLAN)

    assert (len(items) if path in {"batch", "import"} else 1) == len(answers)
    for answer in answers:
        assert answer == msgspec.json.decode(msgspec.json.encode(answer), type=type(answer))
        assert isinstance(answer, Event) or answer.reason in REASONS


ODD = st.text(max_size=6) | st.integers(-(10**15), 10**15) | st.none() | st.lists(st.text(max_size=2), max_size=2)
CONTEXTS = st.fixed_dictionaries(
    {"channel": st.sampled_from(["store", "web", "", 5])},
    optional={
        "store": st.dictionaries(st.sampled_from(["id", "register_id", "time_zone"]), ODD),
        "timezone": ODD,
        "device": st.dictionaries(st.sampled_from(["id", "token", "advertisingId", "adTrackingEnabled"]), ODD),
        "externalIds": st.lists(st.dictionaries(st.sampled_from(["id", "type"]), ODD), max_size=2) | ODD,
        "identity": st.dictionaries(st.sampled_from(["signature", "expires"]), ODD) | ODD,
        "library": st.dictionaries(st.just("name"), ODD) | ODD,
        "traits": st.dictionaries(st.sampled_from(["email", "phone", "loyalty_id"]), ODD) | ODD,
        "direct": st.booleans(),
        "flags": ODD,
    },
)
KNOWN = st.sampled_from([one for one in VOCABULARY if one])


@given(data=st.data(), name=KNOWN, context=CONTEXTS, trust=st.sampled_from(Trust))
def test_known_events_with_odd_values_are_answered(data: st.DataObject, name: str, context: Any, trust: Trust) -> None:
    """No value in any place that is looked at makes the reader fail."""
    schema = VOCABULARY[name].document
    members = sorted({*schema.properties, *schema.rename, "till_time", "card_alias", "email"})
    properties = data.draw(
        st.dictionaries(st.sampled_from(members), ODD | st.sampled_from(["2026-01-01", "1.5", "EUR"]))
    )
    item = {"event": name, "userId": "u", "properties": properties, "context": context}
    (answer,) = read(packet(item, path="track", trust=trust), Plan(secret=b"s"))

    assert isinstance(answer, Event) or answer.reason in {"schema_violation", "plan_blocked", "bad_id"}


@given(item=ITEMS)
def test_trust_is_never_more_than_granted(item: dict[str, Any]) -> None:
    """Nothing said through a public key is ever verified."""
    (answer,) = read(packet({"userId": "u1", **item}, path="track"), PLAN)

    assert {Trust.CLAIMED} >= {one.trust for one in getattr(answer, "identifiers", ())}


@given(under=st.dictionaries(st.text(max_size=2), JSON), over=st.dictionaries(st.text(max_size=2), JSON))
def test_merging_with_nothing_changes_nothing(under: dict[str, Any], over: dict[str, Any]) -> None:
    """Merging is idempotent, keeps every member, and has nothing as its neutral element."""
    both = merged(under, over)

    assert (under, over, both) == (merged(under, {}), merged({}, over), merged(both, over))
    assert under.keys() | over.keys() == both.keys()


def test_batch_address_takes_a_single_event() -> None:
    """An SDK that posts one event to the batch address is understood."""
    assert "Tried" == heard(TRACK, path="batch").name


def test_packet_of_the_import_address_is_historical() -> None:
    """What a secret key imports keeps its time; a public key, or a library that posts live events there, does not."""
    old = TRACK | {"timestamp": "2020-01-01T00:00:00Z", "sentAt": "2025-12-31T00:00:00Z"}
    ruby = old | {"context": {"library": {"name": "analytics-ruby"}}}

    assert [(True, "historical"), (False, "corrected"), (False, "corrected")] == [
        (event.historical, event.time_quality)
        for event in (
            _imported(old, Trust.VERIFIED),
            _imported(old, Trust.CLAIMED),
            _imported(ruby, Trust.VERIFIED),
        )
    ]


def _imported(item: dict[str, Any], trust: Trust) -> Event:
    made: Packet = packet({"batch": [item]}, path="import", trust=trust)
    (event,) = read(made, PLAN)
    assert isinstance(event, Event)
    return event
