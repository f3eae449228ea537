"""The proof finds every wrong fact in the output, and no fault where there is none."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.compose import extraction, proof
from onevoice.compose.extraction import Reading
from onevoice.compose.media import postcard
from onevoice.compose.proof import Proof
from onevoice.domain.brand import Term, Voice
from tests.compose import outputs
from tests.compose.samples import ANNA, BRAND, OFFER, sample

MEDIA = ("email", "sms", "postcard")
READ = {medium: outputs.reading(sample(), ANNA, medium) for medium in MEDIA}
EXPECTED = ["offer", "minimum", "price of Yellow peaches", "valid until", "code", "destination", "terms",
            "nothing else is promised", "no word left open", "words of the brand", "contrast", "fits"]  # fmt: skip

#: A wrong fact: what is replaced in the output, by what, and the cell that must notice.
MUTATIONS = [
    ("20%", "25%", "offer"),
    ("20%", "20", "offer"),
    ("20% off", "$20 off", "offer"),
    ("$30", "$35", "minimum"),
    ("$30", "€30", "minimum"),
    ("$1.99", "$1.89", "price of Yellow peaches"),
    ("$1.99", "1.99", "price of Yellow peaches"),
    ("$2.99", "$3.99", "price of Yellow peaches"),
    ("14, 2026", "15, 2026", "valid until"),
    ("14, 2026", "14, 2027", "valid until"),
    ("FRESH-7K3QD-M2XVP-T", "FRESH-7K3QD-M2XVQ-T", "code"),
    ("FRESH-7K3QD-M2XVP-T", "", "code"),
]


def changed(found: Reading, old: str, new: str) -> Reading:
    """Return a reading in which every part says something else."""
    return msgspec.structs.replace(found, parts={part: text.replace(old, new) for part, text in found.parts.items()})


def verdicts(made: Proof) -> dict[str, str]:
    """Return the verdict of each fact."""
    return {cell.fact: cell.verdict for cell in made.cells}


@pytest.mark.parametrize("medium", MEDIA)
def test_right_output_is_proven(medium: str) -> None:
    """The sample brief is proven in every medium, fact by fact."""
    made = proof.prove(sample(), ANNA, READ[medium])

    assert [] == list(made.faults)
    assert EXPECTED + (["address"] if medium == "postcard" else []) == [cell.fact for cell in made.cells]


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(("old", "new", "fact"), MUTATIONS)
def test_wrong_fact_is_noticed(medium: str, old: str, new: str, fact: str) -> None:
    """A changed offer, price, date or code fails its own cell in every medium."""
    wrong = changed(READ[medium], old, new)

    assert wrong != READ[medium]
    assert "proven" != verdicts(proof.prove(sample(), ANNA, wrong))[fact]


@given(medium=st.sampled_from(MEDIA), amount=st.integers(1, 999), cents=st.integers(1, 99), kind=st.sampled_from("$%"))
@settings(max_examples=60)
def test_invented_promise_is_noticed(medium: str, amount: int, cents: int, kind: str) -> None:
    """Any price or percentage that no fact knows is found, wherever it was slipped in."""
    words = f" now {amount}.{cents:02}% " if kind == "%" else f" now ${amount}.{cents:02} "
    parts = {part: text + words for part, text in READ[medium].parts.items()}
    wrong = msgspec.structs.replace(READ[medium], parts=parts)
    known = kind == "$" and f"{amount}.{cents:02}" in {"1.99", "2.99"}

    assert known == (verdicts(proof.prove(sample(), ANNA, wrong))["nothing else is promised"] == "proven")


@pytest.mark.parametrize("medium", MEDIA)
def test_swapped_prices_are_noticed(medium: str) -> None:
    """The old price in the place of the new one is a contradiction, though both numbers are known."""
    swapped = changed(changed(changed(READ[medium], "$1.99", "#"), "$2.99", "$1.99"), "#", "$2.99")

    assert "contradicted" == verdicts(proof.prove(sample(), ANNA, swapped))["price of Yellow peaches"]


@pytest.mark.parametrize("medium", MEDIA)
def test_wrong_link_is_noticed(medium: str) -> None:
    """A link, or a decoded QR code, to anywhere else contradicts the destination."""
    links = {part: tuple(one.replace("/r/", "/x/") for one in found) for part, found in READ[medium].links.items()}
    wrong = msgspec.structs.replace(READ[medium], links=links)

    assert "contradicted" == verdicts(proof.prove(sample(), ANNA, wrong))["destination"]


@pytest.mark.parametrize("medium", MEDIA)
def test_missing_terms_are_noticed(medium: str) -> None:
    """Without small print and without its link the terms are missing."""
    kit = sample()
    wrong = changed(READ[medium], "Not with other offers", "")
    links = {part: tuple(one for one in found if "terms" not in one) for part, found in wrong.links.items()}

    made = proof.prove(kit, ANNA, msgspec.structs.replace(wrong, links=links))

    assert "missing" == verdicts(made)["terms"]


def test_price_in_a_hidden_node_is_not_seen() -> None:
    """A fact that only a hidden element carries counts as absent: nobody reads it."""
    html = outputs.eml(sample(), ANNA).replace(b"20% off</div>", b'<span style=3D"display:none">20% off</span></div>')
    made = proof.prove(sample(), ANNA, extraction.read_email(html))

    assert "missing" == verdicts(made)["offer"]


def test_covered_qr_code_is_noticed() -> None:
    """A QR code that a scanner cannot decode leaves the destination unproven by the card, so it fails."""
    page = postcard.compile_brief(sample()).letter(ANNA).page
    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
    pdf = outputs.typesetter().pdf(postcard.layout(), [{**page, "qr": blank}], postcard.measures())

    assert "missing" == verdicts(proof.prove(sample(), ANNA, extraction.read_postcard(pdf)))["destination"]


def test_swapped_cards_are_noticed() -> None:
    """A card that carries somebody else's code, link and address fails all three."""
    other = msgspec.structs.replace(ANNA, code="FRESH-00000-00000-0", link="https://hi.example.com/r/other",
                                    address=("Bo Dahl", "1 Oak Street", "Dayton, OH 45402"))  # fmt: skip
    made = proof.prove(sample(), other, READ["postcard"])

    assert {"code", "destination", "address", "nothing else is promised"} == {cell.fact for cell in made.faults}


def test_unfilled_word_is_noticed() -> None:
    """A Liquid mark that survived into the output stops the piece."""
    wrong = changed(READ["email"], "Anna", "{{ person.first_name }}")

    assert "contradicted" == verdicts(proof.prove(sample(), ANNA, wrong))["no word left open"]


def test_banned_word_is_noticed_with_its_replacement() -> None:
    """A word that the brand does not use fails, and the evidence says what to write instead."""
    cells = proof.prove(sample(), ANNA, changed(READ["sms"], "early", "cheap")).faults

    assert ["says “cheap”; the brand says “good value”"] == [cell.evidence for cell in cells]


def test_pale_colours_are_noticed() -> None:
    """Colours under the WCAG ratio fail, with the pair that is too pale."""
    kit = sample()
    pale = msgspec.structs.replace(kit, palette=msgspec.structs.replace(kit.palette, on_primary="#2f6f4f"))

    assert "contradicted" == verdicts(proof.prove(pale, ANNA, READ["email"]))["contrast"]


def test_key_is_void_after_any_change() -> None:
    """The proof's key changes with one output byte or with the version of the brief."""
    keys = {
        proof.prove(sample(), ANNA, READ["sms"], output, brief_version=version).key
        for output, version in ((b"a", 1), (b"b", 1), (b"a", 2))
    }

    assert 3 == len(keys)


@pytest.mark.parametrize("locale", ["de-DE", "fr-FR", "en-GB"])
@pytest.mark.parametrize("medium", MEDIA)
def test_right_output_is_proven_in_other_locales(medium: str, locale: str) -> None:
    """No false alarm where commas, spaces and days are written differently."""
    kit = sample(locale=locale)

    assert [] == list(proof.prove(kit, ANNA, outputs.reading(kit, ANNA, medium)).faults)


def test_required_word_is_missed() -> None:
    """A word that the brand always says is asked for when it is absent."""
    kit = sample()
    brand = msgspec.structs.replace(BRAND, voice=Voice(banned=(Term(word="x"),), required=("organic",)))

    made = proof.prove(msgspec.structs.replace(kit, brand=brand), ANNA, READ["sms"])

    assert ["does not say “organic”"] == [cell.evidence for cell in made.faults]
    assert OFFER == kit.offer
