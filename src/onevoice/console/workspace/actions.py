"""Every write to keys from the console."""

from onevoice.adapters.state.keys import Key, Keys, Kind
from onevoice.console import house


def _keys() -> Keys:
    return Keys(house.stores().state)


def add_key(*, name: str, kind: Kind, now: int) -> tuple[Key, str]:
    """Make a key and return it with its token."""
    return _keys().add(name, kind, now=now)


def revoke_key(*, key_id: str, now: int) -> None:
    """
    End a key's life.

    Raises:
        KeyNotFound: No such key.
    """
    _keys().revoke(key_id, now=now)


def restore_key(*, key_id: str) -> None:
    """
    Undo a revocation.

    Raises:
        KeyNotFound: No such key.
    """
    _keys().restore(key_id)
