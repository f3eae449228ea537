"""The tracking API, row by row, as recorded requests against a real server."""

import base64
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from onevoice.domain.identifier import Trust
from onevoice.gateway.answers import PIXEL
from tests.gateway.house import House, basic

EVENT = {"userId": "u1", "event": "Order Completed", "properties": {"total": 12.5}}
OK = {"success": True}
TYPES = ("identify", "track", "page", "screen", "group", "alias")
PATHS = [
    *((f"/v1/{name}", name) for name in TYPES),
    *((f"/v1/{name[0]}", name) for name in TYPES),
    *((f"/{name}", name) for name in TYPES),
    ("/t", "track"),
    ("/v1/track/", "track"),
    ("/v1/v1/track", "track"),
]
BATCHES = ["/v1/batch", "/v1/import", "/v1/b", "/v1/import/", "/b", "/v1/batch/b", "/batch", "/beacon/v1/batch"]


def post(http: httpx.Client, path: str, body: Any, **headers: str) -> httpx.Response:
    """Post JSON with the headers of an SDK."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.post(path, content=content, headers=headers)


@pytest.mark.parametrize(("path", "kind"), PATHS)
def test_single_event_paths(house: House, http: httpx.Client, path: str, kind: str) -> None:
    """Each spelling of a single-event path stores the bytes as sent, under the type of the path."""
    body = json.dumps(EVENT).encode()

    answer = post(http, path, body, **basic(house.write))

    assert (200, OK, "application/json") == (answer.status_code, answer.json(), answer.headers["content-type"])
    assert [(house.write_key.id, Trust.CLAIMED, kind, body)] == [
        (key, trust, row_path, raw) for key, trust, row_path, _, raw in house.rows()
    ]


@pytest.mark.parametrize("path", BATCHES)
def test_batch_paths(house: House, http: httpx.Client, path: str) -> None:
    """Each spelling of the batch path stores the batch as one packet."""
    body = json.dumps({"batch": [{**EVENT, "type": "track"}] * 3, "sentAt": "2026-01-01T00:00:00Z"}).encode()

    answer = post(http, path, body, **basic(house.write))

    assert (200, OK) == (answer.status_code, answer.json())
    kind = "import" if "import" in path else "batch"
    assert [(kind, body)] == [(row[2], row[4]) for row in house.rows()]


def test_self_metrics_are_discarded(house: House, http: httpx.Client) -> None:
    """SDK self-metrics need no key, are answered, and leave nothing."""
    answer = post(http, "/v1/m", {"series": [{"metric": "x"}]})

    assert (200, OK, []) == (answer.status_code, answer.json(), house.rows())


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", "application/octet-stream"])
def test_content_type_does_not_matter(house: House, http: httpx.Client, kind: str) -> None:
    """JSON is parsed whatever the content type says, and what it said is kept."""
    answer = post(http, "/v1/t", {**EVENT, "writeKey": house.write}, **{"content-type": kind})

    assert 200 == answer.status_code
    assert kind == house.rows()[0][3]["content_type"]


def test_no_content_type_at_all(house: House, http: httpx.Client) -> None:
    """The C# client names no content type, gzips, and has its key in the body only."""
    packed = gzip.compress(json.dumps({"batch": [EVENT], "writeKey": house.write}).encode())

    answer = post(http, "/b", packed, **{"content-encoding": "gzip"})

    assert 200 == answer.status_code
    assert "content_type" not in house.rows()[0][3]


def test_gzip_chunked_without_length(house: House, http: httpx.Client) -> None:
    """The Kotlin client sends gzip in chunks without a length; the intake holds plain JSON."""
    plain = json.dumps({"batch": [EVENT] * 50, "writeKey": house.write}).encode()
    packed = gzip.compress(plain)
    chunks = (packed[at : at + 7] for at in range(0, len(packed), 7))

    answer = http.post("/b", content=chunks, headers={"content-encoding": "gzip", "content-type": "text/plain"})

    assert 200 == answer.status_code
    assert [plain] == [row[4] for row in house.rows()]


@pytest.mark.parametrize("pack", [zlib.compress, lambda plain: gzip.compress(plain[:5]) + gzip.compress(plain[5:])])
def test_other_compressions(house: House, http: httpx.Client, pack: Any) -> None:
    """A zlib stream and a gzip of several members are read like any other."""
    plain = json.dumps({**EVENT, "writeKey": house.write}).encode()

    answer = post(http, "/v1/track", pack(plain), **{"content-encoding": "deflate"})

    assert (200, [plain]) == (answer.status_code, [row[4] for row in house.rows()])


def key_ways(token: str, other: str) -> dict[str, tuple[dict[str, str], dict[str, Any], str]]:
    """Return every way to name a key: headers, body, query; a second key must lose where it comes later."""
    plain = {"batch": [{**EVENT, "type": "track"}]}
    colonless = {"authorization": "Basic " + base64.b64encode(token.encode()).decode()}
    first = {"batch": [{**EVENT, "writeKey": token}]}
    foreign = {"authorization": "Bearer eyJhbGciOi.of.another-kind"}
    return {
        "basic": (basic(token), plain, ""),
        "basic without colon": (colonless, plain, ""),
        "body": ({}, {**plain, "writeKey": token}, ""),
        "first item": ({}, first, ""),
        "query": ({}, plain, f"?writeKey={token}"),
        "bearer of ours": ({"authorization": f"Bearer {token}"}, plain, ""),
        "bearer of another kind with a body key": (foreign, {**plain, "writeKey": token}, ""),
        "basic before body": (basic(token), {**plain, "writeKey": other}, ""),
        "body before item": ({}, {"batch": [{**EVENT, "writeKey": other}], "writeKey": token}, ""),
        "item before query": ({}, first, f"?writeKey={other}"),
    }


@pytest.mark.parametrize("way", list(key_ways("", "")))
def test_key_order(house: House, http: httpx.Client, way: str) -> None:
    """Basic user, then body, then first item, then query names who speaks."""
    headers, body, query = key_ways(house.write, house.secret)[way]

    answer = post(http, f"/v1/batch{query}", body, **headers)

    assert (200, [house.write_key.id]) == (answer.status_code, [row[0] for row in house.rows()])


def test_secret_key_is_believed(house: House, http: httpx.Client) -> None:
    """What a secret key says is verified, what a write key says is only claimed."""
    post(http, "/v1/track", EVENT, **basic(house.secret))
    post(http, "/v1/track", EVENT, **basic(house.write))

    assert [Trust.VERIFIED, Trust.CLAIMED] == [row[1] for row in house.rows()]


@pytest.mark.parametrize("headers", [{}, basic("wk_nobody"), {"authorization": "Basic %%%"}, basic("x" * 5_000)])
def test_unknown_key(house: House, http: httpx.Client, headers: dict[str, str]) -> None:
    """A missing or unknown key is 401 with code and message, and nothing is stored."""
    answer = post(http, "/v1/track", EVENT, **headers)

    assert (401, "unknown_key", []) == (answer.status_code, answer.json()["code"], house.rows())
    assert {"code", "message", "error", "detail"} == set(answer.json())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/track", b"{"),
        ("/v1/track", b""),
        ("/v1/track", b"[]"),
        ("/v1/track", b"null"),
        ("/v1/track", b'{"event": NaN}'),
        ("/v1/track", b'{"event": "\xff"}'),
        ("/v1/batch", b'{"batch": [{]}'),
        ("/v1/batch", b'{"batch": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ],
)
def test_invalid_json(house: House, http: httpx.Client, path: str, body: bytes) -> None:
    """A body that is no JSON object is 400, and its bytes are kept for whoever must find out why."""
    answer = post(http, path, body, **basic(house.write))

    assert (400, "invalid_json") == (answer.status_code, answer.json()["code"])
    assert ([body] if body else []) == [row[4] for row in house.rows()]
    assert all(row[3]["refused"] == "invalid_json" for row in house.rows())


def test_invalid_json_that_still_names_its_key(house: House, http: httpx.Client) -> None:
    """A broken body whose key can be made out is kept under that key."""
    body = b'{"writeKey": "' + house.write.encode() + b'", "batch": [}'

    answer = post(http, "/v1/batch", body)

    assert (400, [(house.write_key.id, body)]) == (answer.status_code, [(row[0], row[4]) for row in house.rows()])


@pytest.mark.parametrize("body", [{}, {"batch": {}}, {"batch": None}])
def test_batch_without_list(house: House, http: httpx.Client, body: Any) -> None:
    """A batch without a list is refused with a code that says so."""
    answer = post(http, "/v1/batch", body, **basic(house.write))

    assert (400, "no_batch") == (answer.status_code, answer.json()["code"])


def test_half_an_emoji_does_not_lose_a_batch(house: House, http: httpx.Client) -> None:
    """A text cut inside a surrogate pair is valid JSON of a browser, and the batch is taken as sent."""
    body = b'{"batch":[{"type":"track","event":"Cut \\ud83d","userId":"u"}],"writeKey":"%b"}' % house.write.encode()

    answer = post(http, "/v1/batch", body)

    assert (200, [body]) == (answer.status_code, [row[4] for row in house.rows()])


def test_single_event_too_large(house: House, http: httpx.Client) -> None:
    """One event above 32 KiB is 400 with its own code."""
    answer = post(http, "/v1/track", {**EVENT, "properties": {"x": "y" * 32_768}}, **basic(house.write))

    assert (400, "event_too_large") == (answer.status_code, answer.json()["code"])
    assert {"limit": 32_768, "size": 32_837} == answer.json()["detail"]


def test_large_event_in_batch_is_counted(house: House, http: httpx.Client) -> None:
    """One event too large does not refuse its batch; the answer counts it."""
    large = {**EVENT, "properties": {"x": "y" * 40_000}}

    answer = post(http, "/v1/batch", {"batch": [EVENT, large, EVENT]}, **basic(house.write))

    assert (200, {"success": True, "rejected": 1}) == (answer.status_code, answer.json())
    assert "1" == answer.headers["x-onevoice-rejected"]


def test_too_many_events_are_counted(house: House, http: httpx.Client) -> None:
    """Of a batch above 2,500 events the first 2,500 are taken and the rest counted."""
    body = {"batch": [{"type": "track", "event": "x", "userId": "u"}] * 2_510}

    answer = post(http, "/v1/batch", body, **basic(house.write))

    assert (200, {"success": True, "rejected": 10}) == (answer.status_code, answer.json())


@pytest.mark.parametrize("chunked", [False, True])
def test_batch_too_large(house: House, http: httpx.Client, chunked: bool) -> None:
    """A body above 1 MiB is 400, whether or not it tells its length."""
    body = b'{"batch":["' + b"x" * 1_048_576 + b'"]}'
    chunks = (body[at : at + 65_536] for at in range(0, len(body), 65_536))

    answer = http.post("/v1/batch", content=chunks if chunked else body, headers=basic(house.write))

    assert (400, "batch_too_large", []) == (answer.status_code, answer.json()["code"], house.rows())


def test_zip_bomb(house: House, http: httpx.Client) -> None:
    """A gigabyte in a megabyte of gzip is refused once the limit is passed."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"0" * 1_048_576) for _ in range(900)) + packer.flush()

    answer = post(http, "/v1/batch", bomb, **basic(house.write))

    assert len(bomb) < 1_048_576
    assert (400, "batch_too_large", []) == (answer.status_code, answer.json()["code"], house.rows())


@pytest.mark.parametrize("body", [gzip.compress(b'{"batch":[]}')[:-4], b"\x1f\x8bnonsense", b"plain"])
def test_broken_gzip(http: httpx.Client, body: bytes) -> None:
    """A stream that is not what it says is 400, never a fault."""
    answer = post(http, "/v1/batch", body, **{"content-encoding": "gzip"})

    assert (400, "bad_encoding") == (answer.status_code, answer.json()["code"])


def test_empty_batch_is_a_success(house: House, http: httpx.Client) -> None:
    """A batch of nothing is taken and leaves nothing."""
    answer = post(http, "/v1/batch", {"batch": []}, **basic(house.write))

    assert (200, OK, []) == (answer.status_code, answer.json(), house.rows())


def test_what_the_door_knows_is_kept(house: House, http: httpx.Client) -> None:
    """Address, user agent, retry count and query travel with the bytes."""
    headers = {**basic(house.write), "user-agent": "sdk/1", "x-retry-count": "2", "content-type": "text/plain"}

    post(http, "/v1/track?a=b", EVENT, **headers)

    assert {
        "ip": "127.0.0.1",
        "user_agent": "sdk/1",
        "content_type": "text/plain",
        "retry_count": 2,
        "query": "a=b",
    } == house.rows()[0][3]


def test_address_behind_a_proxy(house: House, http: httpx.Client) -> None:
    """A proxy on this machine tells the client's address; of several the last one is its own word."""
    post(http, "/v1/track", EVENT, **basic(house.write), **{"x-forwarded-for": "6.6.6.6, 203.0.113.9"})

    assert "203.0.113.9" == house.rows()[0][3]["ip"]


@pytest.mark.parametrize("path", ["/v1/track", "/v1/p", "/v1/projects/x/settings", "/v1/anything", "/t", "/health"])
def test_preflight(http: httpx.Client, path: str) -> None:
    """A browser's question gets 204 and names every header that SDKs send."""
    answer = http.options(
        path,
        headers={
            "origin": "https://shop.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-retry-count",
        },
    )

    named = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert (204, b"") == (answer.status_code, answer.content)
    assert "https://shop.example" == answer.headers["access-control-allow-origin"]
    assert "true" == answer.headers["access-control-allow-credentials"]
    assert "GET, POST, HEAD, OPTIONS" == answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type", "x-retry-count"} <= named
    assert ("86400", "Origin") == (answer.headers["access-control-max-age"], answer.headers["vary"])


@pytest.mark.parametrize("good", [True, False])
def test_answers_are_readable_from_any_page(house: House, http: httpx.Client, good: bool) -> None:
    """Success and error alike echo the origin and expose what a page may read."""
    headers = {"origin": "https://shop.example", **(basic(house.write) if good else {})}

    answer = post(http, "/v1/t", EVENT, **headers)

    assert (200 if good else 401) == answer.status_code
    assert "https://shop.example" == answer.headers["access-control-allow-origin"]
    assert "Retry-After, X-Onevoice-Rejected" == answer.headers["access-control-expose-headers"]
    assert "Origin" == answer.headers["vary"]


def test_wrong_method(http: httpx.Client) -> None:
    """A GET of a tracking path is 405 and says what is meant."""
    answer = http.get("/v1/track")

    assert (405, "wrong_method", "POST, OPTIONS") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["allow"],
    )


@pytest.mark.parametrize("path", ["/v1/tracks", "/v1/batch/x", "/nothing"])
def test_unknown_address(http: httpx.Client, path: str) -> None:
    """An address that means nothing is 404 in the one error shape, never a redirect."""
    answer = post(http, path, EVENT)

    assert (404, "not_served") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    "path", ["/v1/projects/{}/settings", "/projects/{}/settings", "/v1/projects/projects/{}/settings"]
)
def test_settings_document(house: House, http: httpx.Client, path: str) -> None:
    """A living key gets its settings: one integration that leads back here, cached for five minutes."""
    answer = http.get(path.format(house.write), headers={"origin": "https://shop.example"})

    integration = {
        "apiKey": house.write,
        "apiHost": f"127.0.0.1:{house.settings.port}/v1",
        "protocol": "http",
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    assert 200 == answer.status_code
    assert {"Segment.io": integration} == answer.json()["integrations"]
    assert {"sampleRate": 0} == answer.json()["metrics"]
    assert answer.json()["analyticsNextEnabled"] is True
    assert "public, max-age=300" == answer.headers["cache-control"]
    assert "https://shop.example" == answer.headers["access-control-allow-origin"]


def test_settings_of_unknown_key(http: httpx.Client) -> None:
    """An unknown key has no settings."""
    assert 404 == http.get("/v1/projects/wk_nobody/settings").status_code


def test_script(house: House, http: httpx.Client) -> None:
    """The browser client is served with its key and our address inside, and its parts beside it."""
    answer = http.get(f"/analytics.js/v1/{house.write}/analytics.min.js")

    assert (200, "application/javascript; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert f'window.analyticsWriteKey="{house.write}"' in answer.text
    assert f'_cdn||"{house.url}";' in answer.text.partition("\n")[0]
    part = http.get("/analytics-next/bundles/ajs-destination.bundle.40628baed746e9904edc.js")
    assert (200, True) == (part.status_code, b"webpackChunk" in part.content)
    assert 404 == http.get("/analytics-next/bundles/other.js").status_code
    assert 404 == http.get("/analytics.js/v1/wk_nobody/analytics.min.js").status_code


def data_of(event: Any, *, url: bool, padded: bool) -> str:
    """Return a pixel's data parameter."""
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    text = encode(json.dumps(event).encode()).decode()
    return text if padded else text.rstrip("=")


@pytest.mark.parametrize("kind", [*TYPES, "t"])
@pytest.mark.parametrize(("url", "padded"), [(True, True), (True, False), (False, True)])
def test_pixel_with_data(house: House, http: httpx.Client, kind: str, url: bool, padded: bool) -> None:
    """A pixel's base64 is read in either alphabet, padded or not, and answered with a picture that is not cached."""
    event = {"writeKey": house.write, "userId": "ü??>>", "event": "Email Opened"}

    answer = http.get(f"/v1/pixel/{kind}", params={"data": data_of(event, url=url, padded=padded)})

    full = {"t": "track"}.get(kind, kind)
    assert (200, PIXEL, "image/gif") == (answer.status_code, answer.content, answer.headers["content-type"])
    assert "no-store" == answer.headers["cache-control"]
    assert [("pixel", {**event, "type": full})] == [(row[2], json.loads(row[4])) for row in house.rows()]


def test_pixel_with_dotted_query(house: House, http: httpx.Client) -> None:
    """A pixel may spell its event as dotted names."""
    http.get(
        "/v1/pixel/track",
        params={"writeKey": house.write, "userId": "u1", "event": "Email Opened", "properties.subject": "Hallo, du"},
    )

    assert {
        "writeKey": house.write,
        "userId": "u1",
        "event": "Email Opened",
        "properties": {"subject": "Hallo, du"},
        "type": "track",
    } == json.loads(house.rows()[0][4])


@pytest.mark.parametrize("query", ["", "data=%%%", "data=bm90IGpzb24", "writeKey=wk_nobody", "a.b=1&a=2&a.b.c=3"])
def test_pixel_never_shows_a_broken_picture(house: House, http: httpx.Client, query: str) -> None:
    """Whatever a pixel's query holds, the answer is the picture."""
    answer = http.get(f"/v1/pixel/track?{query}")

    assert (200, PIXEL, []) == (answer.status_code, answer.content, house.rows())


def test_health(http: httpx.Client) -> None:
    """The health address that SDK tools ask answers 200."""
    assert 200 == http.get("/health").status_code
