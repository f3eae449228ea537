"""The collector of reference cycles, in processes that handle millions of short-lived events."""

import gc


def relax_collector() -> None:
    """Look for reference cycles rarely: the hot path makes none, and scanning its caches for some costs a quarter."""
    gc.set_threshold(200_000, 50, 1_000)
