"""
The proof: what the output bytes say is compared with the facts of offer and brief, cell by cell.

A cell is *proven* (found, with the words that say so), *contradicted* (something else is said), *missing*, or
*unproven* (it could not be read). What is not proven does not send.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from onevoice.compose import limits, wording
from onevoice.compose import reading as words_of
from onevoice.compose.extraction import Reading, tidy
from onevoice.compose.kit import Kit
from onevoice.compose.media.sms import PLAIN
from onevoice.compose.tokens import contrast
from onevoice.domain.brief import Price
from onevoice.domain.rendering import Addressee

Verdict = Literal["proven", "contradicted", "missing", "unproven"]

#: Which parts must each carry the facts; a postcard is read front and back together.
PARTS: dict[str, tuple[str, ...]] = {"email": ("html", "text"), "sms": ("text",), "postcard": ("*",)}
LEFTOVERS = ("{{", "}}", "{%", "%}", "lqslot")
PRICE_REACH = 90  #: characters after a product's name in which its price must stand


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One fact in one medium."""

    fact: str
    medium: str
    verdict: Verdict
    evidence: str = ""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Every fact of one piece, and the key that any change of bytes, brief or limits voids."""

    medium: str
    piece: str
    cells: tuple[Cell, ...]
    key: str

    @property
    def proven(self) -> bool:
        """Whether the piece may be sent."""
        return all(cell.verdict == "proven" for cell in self.cells)

    @property
    def faults(self) -> tuple[Cell, ...]:
        """The cells that stand in the way."""
        return tuple(cell for cell in self.cells if cell.verdict != "proven")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared: the documents, the addressee, and one reading of the output."""

    kit: Kit
    to: Addressee
    reading: Reading

    def texts(self) -> dict[str, str]:
        """The parts that must each carry every fact, normalised."""
        if PARTS[self.reading.medium] == ("*",):
            return {"card": plain(self.reading.whole)}
        return {part: plain(self.reading.parts.get(part, "")) for part in PARTS[self.reading.medium]}

    def tokens(self, text: str) -> list[words_of.Token]:
        """The fact-like tokens of a text."""
        return words_of.tokens(text, self.kit.locale, self.kit.offer.currency)


def plain(text: str) -> str:
    """Return text without typography that carries no meaning."""
    return tidy(text.translate(PLAIN))


def prove(kit: Kit, to: Addressee, found: Reading, output: bytes = b"", *, brief_version: int = 0) -> Proof:
    """Compare one output with its facts."""
    case = Case(kit=kit, to=to, reading=found)
    cells = tuple(
        Cell(fact=name, medium=found.medium, verdict=verdict, evidence=evidence)
        for name, check in _checks(case)
        for verdict, evidence in (check(case),)
    )
    stamp = f"{brief_version}\x1f{limits.VERSION}".encode()
    key = hashlib.sha256(hashlib.sha256(output).digest() + stamp).hexdigest()
    return Proof(medium=found.medium, piece=to.piece, cells=cells, key=key)


Answer = tuple[Verdict, str]


def _checks(case: Case) -> Iterable[tuple[str, Callable[[Case], Answer]]]:
    yield "offer", _offer
    if case.kit.offer.minimum:
        yield "minimum", _minimum
    for price in case.kit.brief.prices:
        yield f"price of {price.product}", lambda given, price=price: _price(given, price)  # type: ignore[misc]
    yield "valid until", _until
    if case.kit.offer.code:
        yield "code", _code
    yield "destination", _destination
    yield "terms", _terms
    yield "nothing else is promised", _stray
    yield "no word left open", _leftovers
    yield "words of the brand", _terms_of_the_brand
    yield "contrast", _contrast
    yield "fits", _fits
    if case.reading.medium == "postcard":
        yield "address", _address


def _everywhere(case: Case, find: Callable[[str], str], wrong: Callable[[str], str]) -> Answer:
    """Look for a fact in every part that must carry it; *wrong* names what is said in its place."""
    evidence = ""
    for part, text in case.texts().items():
        if not text:
            return "unproven", f"the {part} cannot be read"
        evidence = find(text)
        if not evidence:
            instead = wrong(text)
            return ("contradicted", f"the {part} says {instead}") if instead else ("missing", f"not in the {part}")
    return "proven", evidence


def _token(case: Case, kind: str, value: str) -> Answer:
    def find(text: str) -> str:
        return next((one.span for one in case.tokens(text) if (one.kind, one.value) == (kind, value)), "")

    def wrong(text: str) -> str:
        return next((one.span for one in _strays(case, text) if one.kind == kind), "")

    return _everywhere(case, find, wrong)


def _words(case: Case, words: str) -> Answer:
    wanted = plain(words)
    return _everywhere(case, lambda text: wanted if wanted in text else "", lambda _: "")


def _offer(case: Case) -> Answer:
    offer = case.kit.offer
    if offer.kind == "percent":
        return _token(case, "percent", words_of.plain(offer.amount))
    if offer.kind == "amount":
        return _token(case, "money", f"{words_of.plain(offer.amount)} {offer.currency}")
    return _words(case, wording.offer_text(offer, case.kit.locale))


def _minimum(case: Case) -> Answer:
    offer = case.kit.offer
    return _token(case, "money", f"{words_of.plain(offer.minimum)} {offer.currency}")


def _price(case: Case, price: Price) -> Answer:
    currency = case.kit.offer.currency
    wanted = [f"{words_of.plain(one)} {currency}" for one in (price.now, price.was) if one is not None]

    def said(text: str) -> list[words_of.Token]:
        at = text.find(plain(price.product))
        near = text[at : at + len(price.product) + PRICE_REACH] if at >= 0 else ""
        return [one for one in case.tokens(near) if one.kind == "money"][: len(wanted)]

    def find(text: str) -> str:
        right = [one.value for one in said(text)] == wanted and _is_was(case, price, text)
        return ", ".join(one.span for one in said(text)) if right else ""

    return _everywhere(case, find, lambda text: ", ".join(one.span for one in said(text)))


def _is_was(case: Case, price: Price, text: str) -> bool:
    if price.was is None:
        return True
    was = wording.money(price.was, case.kit.offer.currency, case.kit.locale)
    return plain(wording.phrase("was", case.kit.locale).format(was)) in text


def _until(case: Case) -> Answer:
    return _token(case, "date", case.kit.offer.valid.end.isoformat())


def _code(case: Case) -> Answer:
    return _everywhere(
        case,
        lambda text: case.to.code if case.to.code and case.to.code in text else "",
        lambda text: next((one for one in words_of.codes(text) if one != case.to.code), ""),
    )


def _destination(case: Case) -> Answer:
    allowed = {case.to.link, case.to.unsubscribe, case.kit.brief.terms.url, case.kit.brand.url, ""}
    own = {link for words in _own_words(case) for link in _links(words)}
    for part, links in case.reading.links.items():
        strange = [link for link in links if link not in allowed | own]
        if strange:
            return "contradicted", f"the {part} leads to {strange[0]}"
        if case.to.link not in links:
            return "missing", f"the {part} does not lead to {case.to.link}"
    return ("proven", case.to.link) if case.reading.links else ("unproven", "no link could be read")


def _links(words: str) -> list[str]:
    return [part.strip("()<>.,") for part in words.replace("](", " ").split() if part.lstrip("(<").startswith("http")]


def _own_words(case: Case) -> list[str]:
    words = case.kit.brief.words(case.reading.medium)
    return [words.headline, words.body, words.subject]


def _terms(case: Case) -> Answer:
    url = case.kit.brief.terms.url
    linked = all(url in links for links in case.reading.links.values()) if url else False
    return ("proven", url) if linked else _words(case, case.kit.terms)


def _stray(case: Case) -> Answer:
    strays = [one for text in case.reading.parts.values() for one in _strays(case, plain(text))]
    if strays:
        return "contradicted", f"says {strays[0].span}, which no fact knows"
    own = case.to.code
    codes = [one for text in case.reading.parts.values() for one in words_of.codes(text) if own and one not in own]
    return ("contradicted", f"shows the code {codes[0]}") if codes else ("proven", "every number maps to a fact")


def _strays(case: Case, text: str) -> list[words_of.Token]:
    known = _known(case)
    return [one for one in case.tokens(text) if (one.kind, one.value) not in known]


def _known(case: Case) -> set[tuple[str, str]]:
    offer, brief = case.kit.offer, case.kit.brief
    amounts = [offer.amount, offer.minimum]
    amounts += [one for price in brief.prices for one in (price.now, price.was) if one is not None]
    amounts += [price.was - price.now for price in brief.prices if price.was is not None]
    known = {("money", f"{words_of.plain(amount)} {offer.currency}") for amount in amounts}
    known |= {("date", day.isoformat()) for day in (offer.valid.start, offer.valid.end)}
    known |= {("percent", words_of.plain(offer.amount))} if offer.kind == "percent" else set()
    approved = " ".join((case.kit.terms, *(line for lines in case.kit.brand.legal.values() for line in lines)))
    return known | {(one.kind, one.value) for one in case.tokens(plain(approved))}


def _leftovers(case: Case) -> Answer:
    found = [mark for mark in LEFTOVERS if mark in case.reading.whole]
    return ("contradicted", f"{found[0]} is left in the text") if found else ("proven", "every word is filled in")


def _terms_of_the_brand(case: Case) -> Answer:
    said = f" {plain(case.reading.whole).casefold()} "
    for term in case.kit.brand.voice.banned:
        if any(f"{before}{term.word.casefold()}{after}" in said for before in ' (“"' for after in ' .,;:!?)”"'):
            instead = f"; the brand says “{term.instead}”" if term.instead else ""
            return "contradicted", f"says “{term.word}”{instead}"
    absent = [word for word in case.kit.brand.voice.required if plain(word).casefold() not in said]
    return ("missing", f"does not say “{absent[0]}”") if absent else ("proven", "no banned word, every required one")


def _contrast(case: Case) -> Answer:
    look, least = case.kit.palette, limits.limit("*", "contrast")
    pairs = (
        ("ink on paper", look.ink, look.paper),
        ("muted on paper", look.muted, look.paper),
        ("muted on wash", look.muted, look.wash),
        ("on-primary on primary", look.on_primary, look.primary),
        ("dark ink on dark paper", look.dark_ink, look.dark_paper),
        ("dark muted on dark paper", look.dark_muted, look.dark_paper),
    )
    ratios = [(contrast(front, back), name) for name, front, back in pairs]
    worst, name = min(ratios)
    evidence = f"{name} {worst:.1f} : 1"
    return ("proven", evidence) if worst >= least else ("contradicted", f"{evidence}, at least {least}")


def _fits(case: Case) -> Answer:
    faults = case.reading.faults
    return ("contradicted", faults[0]) if faults else ("proven", f"limits of {limits.VERSION}")


def _address(case: Case) -> Answer:
    wanted = tidy(" ".join(case.to.address))
    if case.reading.zone == wanted and wanted:
        return "proven", wanted
    return "contradicted", f"the address block says {case.reading.zone!r}"
