"""An answer of measurement is a value: an estimate with its interval, a refusal with its reason, or "cannot tell"."""

import msgspec


class Estimate(msgspec.Struct, frozen=True, kw_only=True, tag="estimate"):
    """A number, the 95 % interval around it, how it was made and what has to be true for it to hold."""

    point: float
    low: float
    high: float
    n: int  #: persons it was computed from
    method: str
    assumptions: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The question has no honest answer with these data; `needs` says what would give one."""

    reason: str
    needs: str
    evidence: tuple[Estimate, ...] = ()  #: the numbers that made us refuse, such as placebo tests


class Inconclusive(msgspec.Struct, frozen=True, kw_only=True, tag="inconclusive"):
    """The question was asked well, and the data cannot tell yet."""

    reason: str
    evidence: tuple[Estimate, ...] = ()


Answer = Estimate | Refused | Inconclusive


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, microseconds UTC; the end is not included."""

    start: int
    end: int

    def before(self, times: int = 1) -> "Window":
        """Return the window of equal length that many windows earlier."""
        length = self.end - self.start
        return Window(start=self.start - times * length, end=self.end - times * length)


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be measured: one campaign over one window, in one currency."""

    campaign: str
    window: Window
    currency: str = ""  #: empty: every currency there is, as if it were one


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One group of people in a comparison; money per person in currency units."""

    people: int
    revenue: float
    before: float  #: in the window of equal length just before


class CampaignResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a campaign: facts first, then what it caused, if that can be said."""

    flight: Flight
    people: int  #: everybody known
    targeted: int
    reached: int  #: delivered, or at least handed over
    responded: int
    redeemed: int
    reach_rate: Answer
    response_rate: Answer
    redemption_rate: Answer
    targeted_arm: Arm
    other_arm: Arm
    difference: Estimate  #: targeted minus others as observed: not an effect
    placebos: tuple[Estimate, ...]  #: differences in differences where nothing happened
    effect: Answer  #: what the campaign caused per targeted person
    note: str  #: one sentence for people
