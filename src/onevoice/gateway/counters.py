"""Figures of one gateway process, counted on the event loop and read by /metrics."""

from collections import Counter


class Counters:
    """Counts since the process started."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.refusals: Counter[str] = Counter()
        self.events = 0
        self.rejected = 0

    def answered(self, path: str, status: int) -> None:
        """Count one answer."""
        self.requests[path, status] += 1

    def refused(self, code: str) -> None:
        """Count one refusal by its error code."""
        self.refusals[code] += 1

    def acknowledged(self, events: int, rejected: int) -> None:
        """Count the events of one acknowledged body, and those among them that break a limit."""
        self.events += events - rejected
        self.rejected += rejected
