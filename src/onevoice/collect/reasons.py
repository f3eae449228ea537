"""Why input is refused: a named reason each, with a sentence that says what to do about it."""

#: reason -> what to do. Nothing is refused for any other reason.
ADVICE = {
    "invalid_json": "Send one JSON object in UTF-8, at most 64 levels deep, with numbers that fit 64 bits.",
    "event_too_large": "Send less in one event, or raise event_bytes; long texts and images belong behind a URL.",
    "batch_too_large": "Split the batch; one body may hold batch_bytes after decompression.",
    "batch_overflow": "Send at most batch_events events in one batch; replay this row to take in the rest.",
    "unknown_type": "Set `type` to identify, track, page, screen, group or alias.",
    "no_identity": "Say who it was: userId, anonymousId, an e-mail address or another identifier.",
    "no_event_name": "Give a track call its `event`, a text that names what happened.",
    "bad_id": "Send ids as text or numbers of at most 500 characters, never as objects, lists or booleans.",
    "schema_violation": "Send the property as the event's schema describes it, or mend it with a mending rule.",
    "plan_blocked": "This event is blocked by the tracking plan; unblock it, or stop sending it.",
    "internal_error": "The house itself failed on this; its bytes are kept. Replay it after the next release.",
    "key_mismatch": "The item carries the write key of another workspace; send it with its own key.",
}

REASONS = tuple(ADVICE)


class Refused(Exception):
    """One item cannot become an event; `packet.read` turns this into a `Rejected` and goes on."""

    def __init__(self, reason: str, path: str = "", detail: str = "") -> None:
        super().__init__(detail or ADVICE[reason])
        self.reason = reason
        self.path = path
        self.detail = detail or ADVICE[reason]
