"""What just happened, said once on the next page, with the way back."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

KEY = "notices"


@dataclass(frozen=True)
class Undo:
    """The form that takes a step back: a named address and its fields."""

    view: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


def tell(request: HttpRequest, text: str, *, undo: Undo | None = None, tone: str = "good") -> None:
    """Keep a sentence for the next page; *tone* is good or bad."""
    back = {"url": reverse(undo.view, kwargs=undo.kwargs), "fields": undo.fields} if undo else None
    request.session[KEY] = [*request.session.get(KEY, []), {"text": str(text), "tone": tone, "undo": back}]


def told(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sentences and forget them."""
    session = getattr(request, "session", None)
    return session.pop(KEY, []) if session is not None and KEY in session else []
