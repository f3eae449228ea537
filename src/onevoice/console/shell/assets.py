"""The console's own files, served from memory under a name that changes with their content."""

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib import resources
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from onevoice.console.shell.doors import public

ROOT = resources.files("onevoice.console") / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
#: What is worth compressing; fonts and pictures are compressed already.
TEXT = ("text/", "image/svg+xml")
FOR_EVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file, as it is sent."""

    body: bytes
    packed: bytes
    kind: str
    stamp: str  #: the first hex digits of the content's SHA-256


def listing() -> dict[str, str]:
    """Return every servable name with its suffix; whatever is not listed does not exist."""
    found: dict[str, str] = {}
    folders = [("", ROOT)]
    while folders:
        prefix, folder = folders.pop()
        for entry in folder.iterdir():
            name = f"{prefix}{entry.name}"
            if entry.is_dir():
                folders.append((f"{name}/", entry))
            elif (suffix := f".{entry.name.rpartition('.')[2]}") in TYPES:
                found[name] = suffix
    return found


@cache
def names() -> dict[str, str]:
    """Return the listing, read once."""
    return listing()


@cache
def asset(name: str) -> Asset | None:
    """Return a file by its listed name; no path is ever built from what a browser sent."""
    suffix = names().get(name)
    if suffix is None:
        return None
    body = ROOT.joinpath(*name.split("/")).read_bytes()
    kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 6, mtime=0) if kind.startswith(TEXT) else b""
    return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:12])


@cache
def address(name: str) -> str:
    """
    Return the address of a file.

    Raises:
        KeyError: The console has no such file.
    """
    found = asset(name)
    if found is None:
        raise KeyError(name)
    return f"/static/{found.stamp}/{name}"


@public
@require_safe
def serve(request: HttpRequest, stamp: str, name: str) -> HttpResponse:
    """Send one file; a browser may keep it for ever if it asked for this very content."""
    found = asset(name)
    if found is None:
        raise Http404
    packed = bool(found.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packed else found.body, content_type=found.kind)
    # A font is named by a style sheet, which cannot know its stamp; its name carries its version instead.
    for_ever = stamp == found.stamp or name.endswith(".woff2")
    response.headers["Cache-Control"] = FOR_EVER if for_ever else "public, max-age=60"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
