"""Rehearsal: letters are written down instead of sent, and fail on demand. No operator, no phone, no cost."""

from typing import ClassVar

import msgspec

from onevoice.domain.delivery import Accepted, Later, Receipt, Refused, Unknown
from onevoice.domain.rendering import Letter

#: A recipient whose address ends like this gets the answer of the same line; 500 555 01xx reaches nobody.
ANSWERS: dict[str, Receipt] = {
    "5005550197": Refused("paper: no such number", suppress=True),
    "5005550198": Later("paper: the network is busy"),
    "5005550199": Unknown("paper: no answer came back"),
}


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal pad."""

    slug: ClassVar[str] = "paper"

    channel: str = "sms"

    def body(self, letter: Letter) -> str:
        """Return what is written down."""
        return letter.text

    def receipt(self, letter: Letter) -> Receipt:
        """Answer as a network would: accepted, unless the address asks for a failure."""
        for ending, answer in ANSWERS.items():
            if letter.to.endswith(ending):
                return answer
        return Accepted(provider_id=f"paper-{letter.piece}")
