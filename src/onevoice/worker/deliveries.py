"""
The sender: claims due rows, asks policy again, writes the letters, and sends each once.

A group of letters is committed as `submitting` before the first byte leaves. Whatever happens after that commit,
nothing is sent again that may have gone out.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from onevoice.adapters.campaigns.documents import kit_of
from onevoice.adapters.campaigns.press import Press
from onevoice.adapters.database import Database
from onevoice.adapters.smtp import Post, server
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.paper import Pad
from onevoice.adapters.state.recipients import RecipientStore
from onevoice.adapters.typesetting import Typesetter
from onevoice.deliver import ledger as rules
from onevoice.deliver import news, policy
from onevoice.deliver.signing import Signer
from onevoice.domain.campaign import Channel
from onevoice.domain.delivery import Delivery, Move, Receipt, Refused, Suppression
from onevoice.domain.errors import BadInput
from onevoice.domain.recipient import Recipient, Recipients
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now, secret_of
from onevoice.worker.outgoing import MailWay, PadWay, Piece, PrintWay, Way

log = logging.getLogger("onevoice.worker")

CLAIM = 200  #: rows claimed at once
CONNECTIONS = 8  #: open lines to the mail server
DEADLINE = rules.DEADLINE / 1_000_000

Fate = tuple[Delivery, Move]


class Furnished(Protocol):
    """The stores that the sender works on."""

    state: Database
    intake: Intake


class Deliveries:
    """The sender: `step` until it returns 0. *watch* hears how far a group got, for tests that stop it there."""

    def __init__(
        self,
        stores: Furnished,
        settings: Settings,
        *,
        clock: Callable[[], int] = now,
        recipients: Recipients | None = None,
        ways: Mapping[str, Way] | None = None,
        watch: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._watch = watch
        self._secret = secret_of(settings)
        self._intake = stores.intake
        self._ledger = Ledger(stores.state)
        self._definitions = Definitions(stores.state)
        self._recipients = recipients or RecipientStore(stores.state)
        self._ways = dict(ways) if ways is not None else ways_of(stores.state, settings)
        self._typesetter = Typesetter()
        self._presses: dict[str, Press] = {}

    def step(self, at: int | None = None) -> int:
        """Send what is due, mend what time has done, tell the log; return how many rows were touched."""
        moment = self._clock() if at is None else at
        return self.tend(moment) + self.send(moment) + self.tell(moment)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that have a way out."""
        return tuple(self._ways)

    def close(self) -> None:
        """Let go of connections."""
        for way in self._ways.values():
            way.close()

    # Upkeep

    def tend(self, at: int) -> int:
        """Apply what time has done: ended leases, expired offers, unknown outcomes that fall due."""
        moves = self._ledger.lapsed(at)
        for row in self._ledger.unknown():
            way = self._ways.get(row.channel)
            move = rules.resolved(row, at, proof=way.proof(row) if way else None)
            moves += [(row, move)] if move else []
        return len(self._ledger.apply(moves, at))

    def tell(self, at: int) -> int:
        """Put what happened into the intake; telling it twice is telling it once, by the events' ids."""
        rows = self._ledger.untold()
        sends = {row.send: self._ledger.send(row.send) for row in rows}
        events = [found for row in rows if (found := news.event(row, sends[row.send]))]
        if events:
            self._intake.emit(events, "deliver", at)
        self._ledger.told(rows)
        return len(rows)

    # Sending

    def send(self, at: int) -> int:
        """Claim a portion and send it; return how many rows were claimed."""
        rows = self._ledger.claim(at, CLAIM, list(self._ways)) if self._ways else []
        if not rows:
            return 0
        self._watch("claimed")
        fates, pieces = self._prepared(rows)
        self._ledger.apply(fates, at)
        for channel, ready in pieces.items():
            way = self._ways[channel]
            for start in range(0, len(ready), way.group):
                self._send_group(way, ready[start : start + way.group])
        return len(rows)

    def _send_group(self, way: Way, pieces: Sequence[Piece]) -> None:
        faults = way.faults(pieces)
        stopped = [
            (piece.row, Move(state="suppressed", reason=f"proof: {fault}"[:300]))
            for piece, fault in zip(pieces, faults, strict=True)
            if fault
        ]
        self._ledger.apply(stopped, self._clock())
        good = {piece.row.send_key: piece for piece, fault in zip(pieces, faults, strict=True) if not fault}
        begun = self._ledger.submit([piece.row for piece in good.values()], self._clock())
        if not begun:
            return
        self._watch("submitting")
        receipts = way.deliver([good[row.send_key] for row in begun], self._clock())
        self._watch("sent")
        self._settle(list(zip(begun, receipts, strict=True)))
        self._watch("settled")

    def _settle(self, answered: Sequence[tuple[Delivery, Receipt]]) -> None:
        at = self._clock()
        moved = self._ledger.apply([(row, rules.answered(row, receipt, at)) for row, receipt in answered], at)
        self._ledger.suppress(
            [
                Suppression(channel=row.channel, address=row.address, reason=receipt.reason, at=at)
                for row, receipt in answered
                if isinstance(receipt, Refused) and receipt.suppress
            ]
        )
        settled = {row.send_key for row in moved}
        self._correct([(row, receipt) for row, receipt in answered if row.send_key not in settled], at)

    def _correct(self, late: Sequence[tuple[Delivery, Receipt]], at: int) -> None:
        """Bring in answers that came after the row was given up: late proof corrects."""
        for row, receipt in late:
            current, move = self._ledger.piece(row.piece), rules.answered(row, receipt, at)
            if current is not None and move.state in rules.NEXT.get(current.state, frozenset()):
                self._ledger.apply([(current, move)], at)

    # Preparing

    def _prepared(self, rows: Sequence[Delivery]) -> tuple[list[Fate], dict[str, list[Piece]]]:
        """Ask policy again and write the letters; return the rows that must not go, and the rest by channel."""
        people = self._people(rows)
        blocked = self._ledger.suppressed([(row.channel, row.address) for row in rows])
        fates: list[Fate] = []
        pieces: dict[str, list[Piece]] = defaultdict(list)
        for row in rows:
            person = people.get(row.person)
            reason = refusal(row, person, blocked)
            if person is None or reason:
                fates.append((row, Move(state="suppressed", reason=reason)))
                continue
            try:
                pieces[row.channel].append(self._piece(row, person))
            except BadInput as error:
                fates.append((row, Move(state="suppressed", reason=f"words: {error}"[:300])))
        return fates, pieces

    def _people(self, rows: Sequence[Delivery]) -> dict[str, Recipient]:
        found: dict[str, Recipient] = {}
        for purpose in {row.purpose for row in rows}:
            persons = list(dict.fromkeys(row.person for row in rows if row.purpose == purpose))
            found |= {one.person: one for one in self._recipients.find(persons, purpose)}
            lives_on = {person: self._recipients.current(person) for person in persons if person not in found}
            merged = {one.person: one for one in self._recipients.find(list(lives_on.values()), purpose)}
            found |= {person: merged[current] for person, current in lives_on.items() if current in merged}
        return found

    def _piece(self, row: Delivery, person: Recipient) -> Piece:
        press, channel = self._press(row.send), _channel(row.channel)
        to = press.addressee(person, channel, row.piece, row.code)
        return Piece(row=row, to=to, letter=press.letter(channel, to), press=press)

    def _press(self, send_id: str) -> Press:
        if send_id not in self._presses:
            send = self._ledger.send(send_id)
            versions = (send.brief_version, send.offer_version, send.brand_version)
            self._presses[send_id] = Press(
                kit_of(self._definitions, send.brief, versions),
                base=self._settings.url,
                secret=self._secret,
                mail_from=self._settings.mail_from,
                typesetter=self._typesetter,
            )
        return self._presses[send_id]


def refusal(row: Delivery, person: Recipient | None, blocked: policy.Blocked) -> str:
    """Return why a row that was planned may not go now, or nothing."""
    if person is None:
        return "the person no longer exists"
    if row.channel != "print" and person.reach(row.channel) != row.address:
        return "the address changed after planning"
    return policy.refusal(person, row.channel, row.purpose, blocked)


def _channel(name: str) -> Channel:
    return "email" if name == "email" else "sms" if name == "sms" else "print"


def ways_of(state: Database, settings: Settings) -> dict[str, Way]:
    """Return the ways out that the settings open: no mail server, no mail."""
    ways: dict[str, Way] = {"sms": PadWay(Pad(state)), "print": PrintWay(settings.root / "print")}
    if settings.smtp:
        post = Post(server(settings.smtp), connections=CONNECTIONS, deadline=DEADLINE)
        ways["email"] = MailWay(post, signer_of(settings.root / "dkim"))
    return ways


def signer_of(folder: Path) -> Signer | None:
    """Return the DKIM key of a folder, a file named `selector._domainkey.example.com.pem`, if there is one."""
    for path in sorted(folder.glob("*._domainkey.*.pem")):
        selector, _, domain = path.name.removesuffix(".pem").partition("._domainkey.")
        return Signer(domain=domain, selector=selector, key=path.read_bytes())
    return None
