"""Which channel an event belongs to."""

from typing import Any

import pytest

from tests.collect.speech import heard

TRACK = {"event": "Tried", "userId": "u1"}


@pytest.mark.parametrize(
    ("item", "path", "expected"),
    [
        (TRACK | {"context": {"channel": "store"}}, "track", "store"),
        (TRACK | {"context": {"channel": "POS"}}, "track", "store"),
        (TRACK | {"channel": "mobile"}, "track", "app"),
        (TRACK | {"context": {"channel": "moon"}}, "track", "server"),
        (
            TRACK
            | {"event": "Call Missed", "properties": {"call_id": 1, "direction": "inbound", "from": "x", "to": "y"}},
            "track",
            "phone",
        ),
        (TRACK | {"event": "Email Opened", "context": {"library": {"name": "analytics-node"}}}, "track", "email"),
        (TRACK | {"event": "Email Opened", "context": {"channel": "web"}}, "track", "web"),
        (TRACK | {"context": {"library": {"name": "analytics.js"}}}, "track", "web"),
        (TRACK | {"context": {"library": {"name": "RudderLabs JavaScript SDK"}}}, "track", "web"),
        (TRACK | {"context": {"library": {"name": "analytics-swift"}}}, "track", "app"),
        (TRACK | {"context": {"library": {"name": "analytics-python"}}}, "track", "server"),
        (TRACK | {"context": {"library": "odd"}}, "track", "server"),
        (TRACK, "track", "server"),
        (TRACK, "page", "web"),
        (TRACK, "screen", "app"),
        (TRACK | {"type": "track"}, "pixel", "web"),
    ],
)
def test_channel(item: dict[str, Any], path: str, expected: str) -> None:
    """What the event says counts first, then its name, its library, and its type."""
    assert expected == heard(item, path=path).channel


def test_channel_words_are_made_one() -> None:
    """Other words for a channel are kept as ours, so that schemas can rely on them."""
    assert "store" == heard(TRACK | {"context": {"channel": "Till"}}).context["channel"]
