"""The press: letters of one brief in every medium, as the bytes that go out, and the proof of those bytes."""

import msgspec

from onevoice.adapters.typesetting import Typesetter
from onevoice.compose import extraction, proof
from onevoice.compose.catalog import Rendering, compile_brief
from onevoice.compose.kit import Kit
from onevoice.compose.media import postcard, sms
from onevoice.compose.proof import Proof
from onevoice.deliver import links
from onevoice.deliver.channels.smtp import Smtp
from onevoice.domain.campaign import MEDIUM, Channel
from onevoice.domain.recipient import Recipient
from onevoice.domain.rendering import Addressee, Letter


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One letter as it would go out, with its proof; what previews and `onevoice prove` show."""

    channel: str
    to: Addressee
    letter: Letter
    output: bytes  #: .eml, text, or PDF
    proof: Proof


class Press:
    """One kit, compiled for each medium on first use."""

    def __init__(self, kit: Kit, *, base: str, secret: str, mail_from: str, typesetter: Typesetter) -> None:
        self.kit = kit
        self._base = base
        self._secret = secret
        self._typesetter = typesetter
        self.smtp = Smtp(sender=mail_from or "onevoice@localhost")
        self._compiled: dict[str, Rendering] = {}

    def addressee(self, recipient: Recipient, channel: Channel, piece: str, code: str) -> Addressee:
        """Return whom a letter is for, with the links of the piece."""
        made = links.links(self._base, self._secret, piece)
        return Addressee(
            to=recipient.reach(channel) if channel != "print" else "",
            name=recipient.name,
            traits=recipient.traits,
            address=recipient.address,
            piece=piece,
            code=code,
            link=made.link,
            unsubscribe=made.unsubscribe,
            pixel=made.pixel,
        )

    def letter(self, channel: Channel, to: Addressee) -> Letter:
        """
        Write one letter.

        Raises:
            Unaddressable: A value that the words need is missing for this person.
            BadTemplate: The words hold wrong Liquid.
        """
        medium = MEDIUM[channel]
        if medium not in self._compiled:
            self._compiled[medium] = compile_brief(self.kit, medium)
        return self._compiled[medium].letter(to)

    def output(self, letter: Letter, *, at: int) -> bytes:
        """Return the bytes that would go out."""
        match letter.medium:
            case postcard.SLUG:
                return self.pdf([letter])
            case sms.SLUG:
                return letter.text.encode()
            case _:
                return self.smtp.envelope(letter, at=at).data

    def pdf(self, letters: list[Letter]) -> bytes:
        """Return cards as one PDF, in order."""
        return self._typesetter.pdf(postcard.layout(), [one.page for one in letters], postcard.measures())

    def pictures(self, letter: Letter, dpi: int = 110) -> list[bytes]:
        """Return a card's two sides as PNG."""
        return self._typesetter.picture(postcard.layout(), letter.page, postcard.measures(), dpi)

    def prove(self, letter: Letter, to: Addressee, output: bytes, *, brief_version: int = 0, page: int = 0) -> Proof:
        """Prove one letter from its bytes; *page* is where its card starts in a PDF of many."""
        match letter.medium:
            case postcard.SLUG:
                reading = extraction.read_postcard(output, page)
            case sms.SLUG:
                coded = sms.code(output.decode())
                reading = extraction.read_sms([sms.encode(part, coded.coding) for part in coded.parts], coded.coding)
            case _:
                reading = extraction.read_email(output)
        return proof.prove(self.kit, to, reading, output, brief_version=brief_version)

    def sheet(self, channel: Channel, to: Addressee, *, at: int, brief_version: int = 0) -> Sheet:
        """Write, press and prove one letter; raises what `letter` raises."""
        letter = self.letter(channel, to)
        output = self.output(letter, at=at)
        made = self.prove(letter, to, output, brief_version=brief_version)
        return Sheet(channel=channel, to=to, letter=letter, output=output, proof=made)
