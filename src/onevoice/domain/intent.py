"""An intent is the decision to say one thing to one person through one channel, before anything is rendered."""

import hashlib

import msgspec


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One intended letter. Text, address, time and version are left out of its key, so no edit can mint a second."""

    campaign: str
    person: str
    channel: str
    occurrence: str = "1"
    run: str = ""  #: the journey run, once journeys send
    step: str = ""

    @property
    def send_key(self) -> str:
        """SHA-256 over journey, run, step, person at run start, channel and occurrence (delivery ledger, section 5)."""
        parts = (self.campaign, self.run, self.step, self.person, self.channel, self.occurrence)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
