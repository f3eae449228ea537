"""Health, readiness and figures say what is true."""

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from onevoice.adapters.migrations import steps
from onevoice.adapters.state.log import Log
from onevoice.gateway.app import build
from onevoice.gateway.metrics import family
from onevoice.wiring.workspace import now
from tests.gateway.house import House, basic, client, running


def figures(text: str) -> dict[str, float]:
    """Return each sample of the Prometheus text; a line that is none fails."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP \w+ .+|TYPE \w+ (counter|gauge|histogram))", line)
            continue
        sample = re.fullmatch(r'([a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})?) (\S+)', line)
        assert sample, line
        found[sample[1]] = float(sample[2])
    return found


@pytest.mark.parametrize("path", ["/health", "/healthz"])
def test_alive(house: House, path: str) -> None:
    """A living process says so."""
    with client(house) as http:
        assert {"status": "ok"} == http.get(path).json()


def test_beside_the_console(tmp_path: Path) -> None:
    """With pages mounted, /health is for machines, and for a person the page of that name; the rest stays ours."""
    app = build(House(tmp_path).settings, [Mount("/", PlainTextResponse("a page"))])
    asked = [
        ("/health", {}),
        ("/health", {"accept": "text/html,*/*"}),
        ("/health", {"hx-request": "true"}),
        ("/people", {}),
        ("/healthz", {}),
    ]

    async def texts() -> list[str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as http:
            return [(await http.get(path, headers=headers)).text for path, headers in asked]

    alive = '{"status":"ok"}'
    assert [alive, "a page", "a page", "a page", alive] == asyncio.run(texts())


def test_ready(house: House) -> None:
    """A gateway with its stores, its tables and some room is ready."""
    with client(house) as http:
        answer = http.get("/readyz")

    assert 200 == answer.status_code
    assert {"status": "ok", "checks": {"state": "ok", "intake": "ok", "disk": "ok"}} == answer.json()


def test_not_ready_when_not_migrated(tmp_path: Path) -> None:
    """A store whose tables are older than this version makes the gateway unready, and names the step."""
    with running(tmp_path) as house, client(house) as http:
        house.intake.execute("DELETE FROM intake_migrations")
        answer = http.get("/readyz")

    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    assert f"not migrated: {', '.join(steps('intake'))}" == answer.json()["checks"]["intake"]


def test_figures(tmp_path: Path) -> None:
    """Requests, events, refusals, commits, lag and cursors are counted."""
    with running(tmp_path) as house, client(house) as http:
        event = {"type": "track", "event": "x", "userId": "u"}
        for _ in range(3):
            http.post("/v1/batch", json={"batch": [event] * 4}, headers=basic(house.write))
        http.post("/v1/track", json=event)
        http.post("/v1/track", content=b"{", headers=basic(house.write))
        with house.state.transaction():
            Log(house.state).move("resolve", 1, now())
        time.sleep(0.1)
        answer = http.get("/metrics")
        found = figures(answer.text)

    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    expected = {
        'onevoice_requests_total{path="batch",status="200"}': 3,
        'onevoice_requests_total{path="track",status="400"}': 1,
        'onevoice_requests_total{path="track",status="401"}': 1,
        "onevoice_events_total": 12,
        'onevoice_refusals_total{reason="unknown_key"}': 1,
        'onevoice_refusals_total{reason="invalid_json"}': 1,
        "onevoice_commit_rows_total": 4,
        "onevoice_commit_seconds_count": 4,
        'onevoice_commit_seconds_bucket{le="+Inf"}': 4,
        "onevoice_commit_failures_total": 0,
        "onevoice_waiting_bytes": 0,
        "onevoice_intake_last": 4,
        "onevoice_intake_lag": 3,
        "onevoice_events_last": 0,
        'onevoice_cursor{consumer="resolve"}': 1,
        'onevoice_queue_depth{queue="rejected"}': 0,
        "onevoice_up": 1,
    }
    assert expected == {name: found.get(name) for name in expected}
    assert 0.1 < found["onevoice_intake_lag_seconds"] < 20


def test_figures_while_a_store_is_away(tmp_path: Path) -> None:
    """Without the store the process still reports its own figures, and that the store is down."""
    with running(tmp_path) as house, client(house) as http:
        house.state.execute("ALTER TABLE cursors RENAME TO cursors_away")
        found = figures(http.get("/metrics").text)

    assert 0 == found["onevoice_up"]
    assert 0 == found["onevoice_events_total"]


def test_labels_are_escaped() -> None:
    """Quotes, backslashes and line ends in a label cannot break the format."""
    assert r'onevoice_x{a="\"\\\n"} 1' == list(family("x", "gauge", "X.", [({"a": '"\\\n'}, 1)]))[-1]
