"""A campaign brings one brief to one audience through the channels it names."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.moment import from_datetime

Channel = Literal["email", "sms", "print"]
Purpose = Literal["marketing", "transactional", "sales"]

#: Which medium speaks in which channel.
MEDIUM: dict[Channel, str] = {"email": "email", "sms": "sms", "print": "postcard"}


class BadCampaign(BadInput):
    """The campaign cannot be planned as it is written."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When sending may start, in local time; without a start it is at once."""

    start: datetime | None = None
    zone: str = "UTC"

    @property
    def starts_at(self) -> int:
        """The first moment at which anything may go out; 0 means at once."""
        if self.start is None:
            return 0
        local = self.start if self.start.tzinfo else self.start.replace(tzinfo=ZoneInfo(self.zone))
        return from_datetime(local)


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One campaign.

    Raises:
        BadCampaign: No channel, or a holdout outside 0 to 90 percent.
    """

    title: str
    brief: str
    audience: str
    channels: tuple[Channel, ...]
    purpose: Purpose = "marketing"
    holdout: float = 0.0  #: percent of households that hear nothing, to measure against
    salt: str = ""  #: one salt shared by campaigns withholds the same people; empty: the campaign's name
    schedule: Schedule = Schedule()
    occurrence: str = "1"  #: raise it to send the same campaign to the same people again

    def __post_init__(self) -> None:
        if not self.channels:
            raise BadCampaign("channels: name at least one of email, sms, print.")
        if not 0 <= self.holdout <= 90:
            raise BadCampaign("holdout: a percentage between 0 and 90.")
