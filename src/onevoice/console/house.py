"""What the wiring handed to the console: the stores and the settings, held once for the process."""

import time
from dataclasses import dataclass
from typing import Any, Protocol

from onevoice.domain.errors import Unavailable


class Settings(Protocol):
    """The settings that the console reads."""

    workspace: str
    locale: str
    time_zone: str
    currency: str

    @property
    def url(self) -> str:
        """How the outside reaches us."""

    @property
    def state_url(self) -> str:
        """Where the state store is."""


class NotFurnished(Unavailable):
    """The console was asked for its stores before `console.setup` gave it any."""


@dataclass
class House:
    """The stores and settings of the one workspace that this process serves."""

    stores: Any = None
    settings: Any = None


_house = House()


def configure(stores: Any, settings: Settings) -> None:
    """Hand the stores and the settings to every page."""
    _house.stores, _house.settings = stores, settings


def stores() -> Any:
    """
    Return the stores.

    Raises:
        NotFurnished: Nobody called `configure`.
    """
    if _house.stores is None:
        raise NotFurnished
    return _house.stores


def settings() -> Any:
    """
    Return the settings of the workspace.

    Raises:
        NotFurnished: Nobody called `configure`.
    """
    if _house.settings is None:
        raise NotFurnished
    return _house.settings


def now() -> int:
    """Return the present moment; the console's only clock."""
    return time.time_ns() // 1_000
