"""Offers: a till redeems a code, and asking again with the same reference changes nothing."""

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.offers import Code, Offers, Redemption
from onevoice.collect.plan import RANKS
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.offer import Offer
from onevoice.gateway.api import shapes
from onevoice.gateway.api.endpoint import BadBody, Call, Endpoint

REDEEM = "offers:redeem"
LONGEST = 200  #: characters of a reference or order id


class Purchase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the till says of the purchase."""

    reference: str  #: the till's own name of the transaction; a repeat is the same redemption
    order_id: str = ""
    store_id: str = ""


class Redeemed(msgspec.Struct, frozen=True):
    """One use of a code."""

    redemption: str
    code: str
    offer: str
    reference: str
    order_id: str
    at: str


class Standing(msgspec.Struct, frozen=True):
    """What a code is worth now."""

    code: str
    offer: str
    title: str
    open: bool  #: it may be redeemed now
    uses_left: int | None  #: nothing: without limit
    valid_from: str
    valid_until: str


class OfferDesk:
    """The endpoints about offers."""

    def __init__(self, state: Database, intake: Intake, secret: str) -> None:
        self._offers = Offers(state, secret)
        self._definitions = Definitions(state)
        self._graph = GraphStore(state)
        self._intake = intake

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints."""
        return [
            Endpoint(
                "GET", "/offers/{code}", REDEEM, "Read whether a code may be redeemed", self.read, Standing,
                errors=(404,),
            ),
            Endpoint(
                "POST", "/offers/{code}/redeem", REDEEM, "Redeem a code once for one transaction", self.redeem,
                Redeemed, body=Purchase, errors=(404, 409),
            ),
        ]  # fmt: skip

    def read(self, call: Call) -> Standing:
        """Return what a code is worth now."""
        code = self._offers.code(_text(call.path["code"]))
        offer = self._definitions.get("offer", code.offer, Offer)
        left = None if code.uses == 0 else max(0, code.uses - code.used)
        valid = offer.valid.opens_at <= call.now < offer.valid.closes_at
        return Standing(
            code=code.code,
            offer=code.offer,
            title=offer.title,
            open=valid and left != 0,
            uses_left=left,
            valid_from=shapes.when(offer.valid.opens_at),
            valid_until=shapes.when(offer.valid.closes_at),
        )

    def redeem(self, call: Call) -> Redeemed:
        """Redeem a code; the same code and reference is the same redemption, however often it is asked for."""
        purchase = call.read(Purchase)
        if not 0 < len(purchase.reference) <= LONGEST or len(purchase.order_id) > LONGEST:
            raise BadBody(f"A reference has 1 to {LONGEST} characters, an order_id at most {LONGEST}.")
        code = self._offers.code(_text(call.path["code"]))
        offer = self._definitions.get("offer", code.offer, Offer)
        reference, order = _text(purchase.reference), _text(purchase.order_id)
        done = self._offers.redeem(code.code, offer, reference, order, call.now)
        self._tell(code, done, _text(purchase.store_id))
        return Redeemed(done.id, done.code, done.offer, done.reference, done.order_id, shapes.when(done.at))

    def _tell(self, code: Code, done: Redemption, store: str) -> None:
        """Put the redemption into the log, under an id of its own, so that telling twice is telling once."""
        holder = self._holder(code)
        if holder is None:
            return
        told = {"offer": done.offer, "coupon": done.code, "order_id": done.order_id, "store": store}
        event = Event(
            id=f"redemption:{done.id}",
            name="Offer Redeemed",
            channel="store",
            occurred_at=done.at,
            received_at=done.at,
            identifiers=(holder,),
            properties={name: value for name, value in told.items() if value},
            source="api",
        )
        self._intake.emit([event], "api", done.at)

    def _holder(self, code: Code) -> Identifier | None:
        """Return the strongest name of whom a code was made for; codes are passed on, so it proves nothing."""
        person = self._graph.current(code.holder) if code.holder else None
        names = self._graph.identifiers(person) if person else []
        best = min(names, key=lambda name: (RANKS.get(name.base, len(RANKS) + 1), name.key), default=None)
        return Identifier(best.kind, best.value, Trust.INFERRED) if best else None


def _text(value: str) -> str:
    """Return a text without what no store takes."""
    return value.replace("\0", "")
