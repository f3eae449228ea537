"""What the settings pages list."""

from onevoice.adapters.state.keys import Key, Keys
from onevoice.console import house


def keys() -> list[Key]:
    """Return every key, the living first, then newest first."""
    return sorted(Keys(house.stores().state).list(), key=lambda key: key.revoked_at is not None)


def example(token: str, url: str) -> str:
    """Return a command that sends one event with a write key."""
    body = '{"userId":"u1","event":"Order Completed","properties":{"total":12.5}}'
    return f"curl -u {token}: {url}/v1/track \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"
