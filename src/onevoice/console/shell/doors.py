"""Every view says who may come in; one that says nothing lets nobody in."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

View = Callable[..., HttpResponseBase]

#: The name under which a view keeps what it needs; "" means that anybody may come.
NEEDS = "onevoice_needs"


def public(view: View) -> View:
    """Mark a view as open to everybody."""
    setattr(view, NEEDS, "")
    return view


def needs(capability: str) -> Callable[[View], View]:
    """Mark a view as open to members whose role has this capability."""

    def mark(view: View) -> View:
        setattr(view, NEEDS, capability)
        return view

    return mark


def need_of(view: Any) -> str | None:
    """Return what a view needs: nothing (""), a capability, or None when it does not say."""
    return getattr(view, NEEDS, None)
