"""Guessing passwords gets slow: after a few wrong answers an address waits."""

from django.core.cache import cache

#: Wrong answers that one address (or one machine) may give within the window.
ALLOWED = {"address": 8, "machine": 40}
WINDOW = 15 * 60  #: seconds


def _keys(address: str, machine: str) -> dict[str, str]:
    return {"address": f"signin:a:{address.strip().lower()[:254]}", "machine": f"signin:m:{machine}"}


def blocked(address: str, machine: str) -> bool:
    """Tell whether this address or this machine has to wait."""
    return any(cache.get(_cached(key), 0) >= ALLOWED[kind] for kind, key in _keys(address, machine).items())


def failed(address: str, machine: str) -> None:
    """Count one wrong answer."""
    for key in _keys(address, machine).values():
        cache.add(_cached(key), 0, WINDOW)
        cache.incr(_cached(key))


def forget(address: str, machine: str) -> None:
    """Forget the wrong answers of an address that has now given the right one."""
    cache.delete(_cached(_keys(address, machine)["address"]))


def _cached(key: str) -> str:
    return key.encode("ascii", "backslashreplace").decode().replace(" ", "_")
