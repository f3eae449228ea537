"""Which address means which kind of body; every spelling that SDKs and proxies are known to use."""

TYPES = ("identify", "track", "page", "screen", "group", "alias")
BATCH = "batch"
#: A batch that may hold history: what a secret key sends here keeps its time and fires nothing.
IMPORT = "import"
METRICS = "metrics"

#: What follows the version in a path, to the packet's path.
NAMES: dict[str, str] = {
    **{name: name for name in TYPES},
    **{name[0]: name for name in TYPES},  # the browser's short paths: i, t, p, s, g, a
    "batch": BATCH,
    "import": IMPORT,
    "b": BATCH,
    "batch/b": BATCH,  # a proxy configured with …/v1/batch as its address
    "m": METRICS,
}

#: Every exact path, without a trailing slash, to its kind. Doubled versions come from hosts that were given with one.
EXACT: dict[str, str] = {
    f"{prefix}/{name}": kind for prefix in ("", "/v1", "/v1/v1") for name, kind in NAMES.items()
} | {"/beacon/v1/batch": BATCH, "/v1/beacon/v1/batch": BATCH}

PIXELS: dict[str, str] = {
    f"{prefix}/pixel/{name}": kind for prefix in ("", "/v1") for name, kind in NAMES.items() if kind in TYPES
}


def tidy(path: str) -> str:
    """Return a path without its trailing slashes."""
    return path.rstrip("/") if path.endswith("/") else path
