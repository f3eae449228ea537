"""What browser and mobile SDKs fetch before they speak: the settings document and the script itself."""

import re
from importlib import resources

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onevoice.adapters.state.keys import Key
from onevoice.domain.errors import OnevoiceError
from onevoice.gateway import answers, refusals
from onevoice.gateway.keyring import KeyRing
from onevoice.gateway.refusals import NotServed, UnknownKey
from onevoice.wiring.settings import Settings

VENDOR = resources.files("onevoice.gateway") / "static" / "vendor" / "analytics-next"
JAVASCRIPT = "application/javascript; charset=utf-8"
#: Seconds that settings and script may be cached.
FRESH = 300


def document(key: str, host: str, protocol: str) -> dict[str, object]:
    """
    Return the settings document of a key.

    `apiHost` has no scheme and leads browser, Kotlin, Swift and React Native clients here; `protocol` is read by the
    browser alone. There is one integration only: a second would load legacy code.
    """
    enabled = {"__default": {"enabled": True}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": protocol,
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {
            "track": {"__default": {"enabled": True, "integrations": {}}},
            "identify": enabled,
            "group": enabled,
        },
        "edgeFunction": {},
        "middlewareSettings": {},
        "metrics": {"sampleRate": 0},
        "consentSettings": {"allCategories": [], "hasUnmappedDestinations": False},
        "analyticsNextEnabled": True,
    }


class Sdk:
    """The addresses that SDKs read."""

    def __init__(self, settings: Settings, ring: KeyRing) -> None:
        self._settings = settings
        self._ring = ring
        self._script = (VENDOR / "standalone.js").read_text(encoding="utf-8")
        self._bundles = {
            entry.name: entry.read_bytes() for entry in VENDOR.iterdir() if re.search(r"\.bundle\.\w+\.js$", entry.name)
        }

    def routes(self) -> list[Route]:
        """Return the routes, with the spellings that proxies are known to use."""
        versions = ("", "/v1")
        projects = ("/projects", "/projects/projects")
        return [
            *(Route(f"{version}{name}/{{key}}/settings", self.settings) for version in versions for name in projects),
            *(Route(f"{version}{name}/{{key}}/settings/", self.settings) for version in versions for name in projects),
            Route("/analytics.js/v1/{key}/analytics.min.js", self.script),
            Route("/analytics.js/v1/{key}/analytics.js", self.script),
            Route("/analytics-next/bundles/{name}", self.bundle),
        ]

    async def settings(self, request: Request) -> Response:
        """Answer with the settings document of a living key."""
        try:
            await self._key(request)
        except OnevoiceError as error:
            return _error(request, error)
        protocol, host = self._origin(request)
        found = msgspec.json.encode(document(request.path_params["key"], host, protocol))
        return _fresh(request, found, "application/json")

    async def script(self, request: Request) -> Response:
        """Answer with the browser client, told its key and where it came from."""
        try:
            await self._key(request)
        except OnevoiceError as error:
            return _error(request, error)
        protocol, host = self._origin(request)
        origin = msgspec.json.encode(f"{protocol}://{host}").decode().replace("<", "\\u003c")
        first = f"window.analytics=window.analytics||[];window.analytics._cdn=window.analytics._cdn||{origin};\n"
        body = first + self._script.replace("__WRITE_KEY__", request.path_params["key"])
        return _fresh(request, body.encode(), JAVASCRIPT)

    async def bundle(self, request: Request) -> Response:
        """Answer with a part of the browser client, which it loads when needed."""
        found = self._bundles.get(request.path_params["name"])
        if found is None:
            return _error(request, NotServed())
        return _fresh(request, found, JAVASCRIPT)

    async def _key(self, request: Request) -> Key:
        try:
            return await self._ring.find(request.path_params["key"])
        except UnknownKey as error:
            raise NotServed("There is no key of that name.") from error

    def _origin(self, request: Request) -> tuple[str, str]:
        """Return protocol and host as the outside sees them: as set, else as this request was addressed."""
        if self._settings.public_url:
            protocol, _, host = self._settings.url.partition("://")
            return protocol, host
        forwarded = request.headers.get("x-forwarded-proto", "")
        protocol = forwarded if forwarded in {"http", "https"} else request.url.scheme
        return protocol, request.headers.get("host", f"{self._settings.host}:{self._settings.port}")


def _headers(request: Request) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in answers.cors(request.scope)}


def _fresh(request: Request, body: bytes, kind: str) -> Response:
    caching = {"cache-control": f"public, max-age={FRESH}", "content-type": kind}
    return Response(body, headers={**_headers(request), **caching})


def _error(request: Request, error: OnevoiceError) -> Response:
    status = refusals.status_of(error)
    headers = {name.decode(): value.decode() for name, value in answers.error_headers(status)}
    return Response(answers.shape(error), status, headers={**_headers(request), **headers})
