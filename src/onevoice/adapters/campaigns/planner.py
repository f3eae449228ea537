"""The planner: a campaign is proven on samples, then every member of its audience gets a row of the ledger."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from onevoice.adapters.campaigns.documents import Pinned, pin
from onevoice.adapters.campaigns.press import Press, Sheet
from onevoice.adapters.database import Database
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.offers import Offers
from onevoice.adapters.typesetting import Typesetter
from onevoice.compose.proof import Cell
from onevoice.deliver import plan as planning
from onevoice.deliver.links import piece_of
from onevoice.domain.delivery import Delivery, Send
from onevoice.domain.errors import NotAllowed
from onevoice.domain.identifier import Identifier
from onevoice.domain.intent import Intent
from onevoice.domain.recipient import Recipient, Recipients

CHUNK = 500  #: people planned in one transaction
SAMPLES = 3  #: people on whom a campaign is proven, in every channel they can be reached through
LOOKED_AT = 200  #: people among whom samples are looked for

#: Somebody to show a campaign to when its audience is empty; every address is reserved by RFC 2606 and 555-01xx.
EXAMPLE = Recipient(
    person="example",
    anchor=Identifier("email", "alex@example.com"),
    email="alex@example.com",
    phone="+15550100",
    address=("Alex Example", "1 Main Street", "Springfield, IL 62701"),
    name="Alex Example",
    traits={"first_name": "Alex", "name": "Alex Example"},
)


class NotProven(NotAllowed):
    """The campaign is not proven, so it is not sent; `onevoice prove CAMPAIGN` shows what is wrong."""


class Planner:
    """Plans campaigns over one state store."""

    def __init__(
        self, database: Database, recipients: Recipients, *, base: str, secret: str, mail_from: str = ""
    ) -> None:
        self.database = database
        self.definitions = Definitions(database)
        self.ledger = Ledger(database)
        self.offers = Offers(database, secret)
        self._recipients = recipients
        self._base, self._secret, self._mail_from = base, secret, mail_from
        self._typesetter = Typesetter()

    def pinned(self, campaign: str) -> Pinned:
        """Return a campaign with everything it names; raises DocumentNotFound."""
        return pin(self.definitions, campaign)

    def press(self, pinned: Pinned) -> Press:
        """Return the press of a campaign's brief."""
        return Press(
            pinned.kit,
            base=self._base,
            secret=self._secret,
            mail_from=self._mail_from,
            typesetter=self._typesetter,
        )

    # Samples

    def samples(self, pinned: Pinned, persons: Iterable[str], *, now: int, count: int = SAMPLES) -> list[Sheet]:
        """
        Write, press and prove the campaign for a few people in every channel.

        Nothing is stored: the codes shown are real in form and made for nobody.

        Raises:
            Unaddressable: The words need a value that one of them lacks.
        """
        press = self.press(pinned)
        found = self._recipients.find(list(islice(persons, LOOKED_AT)), pinned.campaign.purpose)
        sheets = []
        for channel in pinned.campaign.channels:
            reachable = [one for one in found if one.reach(channel)][:count] or [EXAMPLE]
            for one in reachable:
                intent = Intent(campaign=pinned.name, person=one.person, channel=channel, occurrence="sample")
                to = press.addressee(
                    one, channel, piece_of(self._secret, intent.send_key), self._sample_code(pinned, one)
                )
                sheets.append(press.sheet(channel, to, at=now, brief_version=pinned.brief_version))
        return sheets

    def _sample_code(self, pinned: Pinned, recipient: Recipient) -> str:
        return self.offers.preview(pinned.kit.brief.offer, pinned.kit.offer, f"sample\x1f{recipient.person}")

    # Rows

    def plan(
        self,
        campaign: str,
        persons: Callable[[], Iterable[str]],
        *,
        now: int,
        told: Callable[[int], None] = lambda _: None,
    ) -> Send:
        """
        Give every person a row for every channel, in chunks that commit alone; a repeat adds only who is new.

        *told* hears how many people were planned.

        Raises:
            NotProven: A sample is not proven.
            DocumentNotFound: A document that the campaign names is missing.
        """
        pinned = self.pinned(campaign)
        self._gate(self.samples(pinned, persons(), now=now))
        send = self.ledger.open(self._send(pinned, now))
        order = planning.Order(
            send=send,
            campaign=pinned.campaign,
            secret=self._secret,
            expires_at=pinned.kit.offer.valid.closes_at,
        )
        for chunk in _chunks(persons(), CHUNK):
            self._plan_chunk(order, pinned, chunk, now)
            told(len(chunk))
        return send

    def _gate(self, sheets: Sequence[Sheet]) -> None:
        faults: list[Cell] = [cell for sheet in sheets for cell in sheet.proof.faults]
        if faults:
            first = faults[0]
            raise NotProven(
                f"{first.medium}: {first.fact} is {first.verdict} ({first.evidence}). `onevoice prove` shows all.",
                cells=msgspec.to_builtins(faults),
            )

    def _send(self, pinned: Pinned, now: int) -> Send:
        brief = pinned.kit.brief
        occurrence = pinned.campaign.occurrence
        return Send(
            id=planning.send_id(pinned.name, occurrence),
            campaign=pinned.name,
            version=pinned.campaign_version,
            occurrence=occurrence,
            title=pinned.campaign.title,
            brief=pinned.campaign.brief,
            brief_version=pinned.brief_version,
            offer=brief.offer,
            offer_version=pinned.offer_version,
            brand=brief.brand,
            brand_version=pinned.brand_version,
            purpose=pinned.campaign.purpose,
            target=brief.action.url,
            planned_at=now,
        )

    def _plan_chunk(self, order: planning.Order, pinned: Pinned, persons: Sequence[str], now: int) -> None:
        recipients = self._recipients.find(persons, order.send.purpose)
        channels = order.campaign.channels
        reached = [(channel, one.reach(channel)) for one in recipients for channel in channels]
        with self.database.transaction():
            guards = [planning.guard_of(order.send.id, channel, address) for channel, address in reached]
            taken = self.ledger.taken(guards)
            rows = planning.rows(order, recipients, self.ledger.suppressed(reached), taken, now)
            known = self.ledger.known([row.send_key for row in rows])
            self.ledger.plan(self._coded(pinned, [row for row in rows if row.send_key not in known], now))

    def _coded(self, pinned: Pinned, rows: Sequence[Delivery], now: int) -> list[Delivery]:
        """Give codes to those who will be written to, the same one in every channel; nobody else gets any."""
        holders = dict.fromkeys(row.person for row in rows if row.state == "planned")
        codes = self.offers.issue(pinned.kit.brief.offer, pinned.kit.offer, list(holders), now)
        return [msgspec.structs.replace(row, code=codes[row.person]) if row.state == "planned" else row for row in rows]


def _chunks(persons: Iterable[str], size: int) -> Iterator[list[str]]:
    waiting = iter(persons)
    while chunk := list(islice(waiting, size)):
        yield chunk
