"""The ways out: mail server, print house, rehearsal pad. Each takes a group of letters and returns their receipts."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from onevoice.adapters.campaigns.press import Press
from onevoice.adapters.handover import Handover
from onevoice.adapters.smtp import Post
from onevoice.adapters.state.paper import Pad
from onevoice.compose import spot
from onevoice.compose.media import postcard
from onevoice.deliver.channels.paper import Paper
from onevoice.deliver.channels.printhouse import Printhouse
from onevoice.deliver.signing import Signer
from onevoice.domain.delivery import Accepted, Delivery, Later, Receipt, Unknown
from onevoice.domain.rendering import Addressee, Letter


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the ledger with its letter, ready to go."""

    row: Delivery
    to: Addressee
    letter: Letter
    press: Press


class Way(Protocol):
    """One way out."""

    group: int  #: letters submitted at once: all of them are in doubt if the process dies

    def faults(self, pieces: Sequence[Piece]) -> list[str]:
        """Return for each piece what keeps it from going, empty if nothing does."""

    def deliver(self, pieces: Sequence[Piece], at: int) -> list[Receipt]:
        """Send, and return a receipt for each piece; never raises for what a channel answers."""

    def proof(self, row: Delivery) -> Receipt | None:
        """Return what the channel can tell of a piece whose outcome is unknown, or None; sends nothing."""

    def close(self) -> None:
        """Let go of connections."""


class MailWay:
    """E-mail through the mail server; what it took cannot be asked for afterwards."""

    def __init__(self, post: Post, signer: Signer | None = None) -> None:
        self.group = post.connections
        self._post = post
        self._signer = signer

    def faults(self, pieces: Sequence[Piece]) -> list[str]:
        """Look at each letter; the whole proof was made of samples."""
        return [spot.fault(piece.letter, piece.to) for piece in pieces]

    def deliver(self, pieces: Sequence[Piece], at: int) -> list[Receipt]:
        """Hand the messages over, one a connection at a time."""
        envelopes = [piece.press.smtp.envelope(piece.letter, at=at) for piece in pieces]
        if self._signer:
            sign = self._signer.sign
            envelopes = [msgspec.structs.replace(one, data=sign(one.data)) for one in envelopes]
        replies = self._post.send(envelopes)
        return [piece.press.smtp.receipt(reply) for piece, reply in zip(pieces, replies, strict=True)]

    def proof(self, row: Delivery) -> Receipt | None:
        """SMTP has nothing to look anything up with."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._post.close()


class PadWay:
    """Text messages onto the rehearsal pad."""

    group = 50

    def __init__(self, pad: Pad) -> None:
        self._pad = pad
        self._paper = Paper()

    def faults(self, pieces: Sequence[Piece]) -> list[str]:
        """Prove each message whole."""
        return [_unproven(piece, piece.letter.text.encode()) for piece in pieces]

    def deliver(self, pieces: Sequence[Piece], at: int) -> list[Receipt]:
        """Write down what is accepted; a lost answer is rehearsed as accepted, with nobody told."""
        receipts = [self._paper.receipt(piece.letter) for piece in pieces]
        for piece, receipt in zip(pieces, receipts, strict=True):
            if isinstance(receipt, Accepted | Unknown):
                self._pad.put(piece.row.piece, piece.row.channel, piece.letter.to, self._paper.body(piece.letter), at)
        return receipts

    def proof(self, row: Delivery) -> Receipt | None:
        """Read the pad."""
        return Accepted(f"paper-{row.piece}") if self._pad.holds(row.piece) else Later("not on the pad")

    def close(self) -> None:
        """Nothing is open."""


class PrintWay:
    """Postcards into the print house's folder, a batch a group."""

    group = 50

    def __init__(self, folder: Path) -> None:
        self._handover = Handover(folder)
        self._house = Printhouse(pages=postcard.PAGES)

    def faults(self, pieces: Sequence[Piece]) -> list[str]:
        """Set the cards and prove each from the pages: text, QR code, address, safe zone."""
        pdf = pieces[0].press.pdf([piece.letter for piece in pieces])
        return [_unproven(piece, pdf, page=at * postcard.PAGES) for at, piece in enumerate(pieces)]

    def deliver(self, pieces: Sequence[Piece], at: int) -> list[Receipt]:
        """Place the batch; its name is made of its pieces, so the same group is the same batch."""
        letters = [piece.letter for piece in pieces]
        digest = hashlib.sha256("".join(piece.row.piece for piece in pieces).encode()).hexdigest()
        batch = f"{pieces[0].row.campaign}-{digest[:12]}"
        self._handover.put(batch, pieces[0].press.pdf(letters), self._house.manifest(letters))
        return [Accepted(provider_id=batch) for _ in pieces]

    def proof(self, row: Delivery) -> Receipt | None:
        """Look into the manifests: a piece is in a batch, or it was never handed over."""
        batch = self._handover.find(row.piece)
        return Accepted(provider_id=batch) if batch else Later("in no batch")

    def close(self) -> None:
        """Nothing is open."""


def _unproven(piece: Piece, output: bytes, page: int = 0) -> str:
    faults = piece.press.prove(piece.letter, piece.to, output, page=page).faults
    return f"{faults[0].fact} is {faults[0].verdict}: {faults[0].evidence}" if faults else ""
