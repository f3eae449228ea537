"""A brand, an offer and a brief that the tests of compose and deliver share."""

from datetime import date
from decimal import Decimal

from onevoice.compose.kit import Kit, kit
from onevoice.domain.brand import Brand, Logo, Sender, Term, Voice
from onevoice.domain.brief import Action, Brief, Price, Terms
from onevoice.domain.offer import CodeRule, Offer, Validity
from onevoice.domain.rendering import Addressee

BRAND = Brand(
    title="Harvest & Hearth",
    url="https://harvest.example.com",
    logo=Logo(text="Harvest & Hearth"),
    tokens={
        "color": {
            "$type": "color",
            "forest": {"$value": "#1f5f3f"},
            "primary": {"$value": "{color.forest}"},
            "on-primary": {"$value": {"colorSpace": "srgb", "components": [1, 1, 1], "hex": "#ffffff"}},
            "accent": {"$value": "#c2571a"},
            "wash": {"$value": "#f3f1ea"},
        }
    },
    voice=Voice(tone="warm, plain", banned=(Term(word="cheap", instead="good value"),)),
    senders={
        "email": Sender(name="Harvest & Hearth", address="hello@news.harvest.example.com"),
        "sms": Sender(name="Harvest", address="+15550100"),
    },
    legal={"*": ("Harvest & Hearth Ltd., registered in Example.",)},
    address=("Harvest & Hearth", "12 Orchard Road", "Springfield, IL 62701"),
)

OFFER = Offer(
    title="Twenty percent off fresh produce",
    kind="percent",
    amount=Decimal(20),
    currency="USD",
    minimum=Decimal(30),
    conditions=("One code a household.",),
    valid=Validity(start=date(2026, 8, 1), end=date(2026, 8, 14), zone="America/Chicago"),
    code=CodeRule(prefix="FRESH"),
)

BRIEF = Brief(
    title="Summer produce",
    brand="house",
    offer="produce20",
    locale="en-US",
    headline="The garden is early this year, {{ person.first_name | default: 'neighbor' }}",
    subject="{{ offer.text }} your summer basket",
    preheader="Peaches, tomatoes, sweet corn: picked this week.",
    body=(
        "Peaches, tomatoes and sweet corn arrived **ten days sooner** than we hoped, so we are sharing the luck.\n\n"
        "- Picked within a day of your visit\n- From farms you could drive to\n\nCome while it lasts."
    ),
    action=Action(verb="See what is ripe", url="https://harvest.example.com/produce"),
    terms=Terms(
        short="In stores and online. Not with other offers.", url="https://harvest.example.com/terms/produce20"
    ),
    prices=(Price(product="Yellow peaches", now=Decimal("1.99"), was=Decimal("2.99"), unit="per lb"),),
)

ANNA = Addressee(
    to="anna@example.com",
    name="Anna Berg",
    traits={"first_name": "Anna"},
    address=("Anna Berg", "8 Elm Street", "Dayton, OH 45402"),
    piece="A1b2C3d4E5f6",
    code="FRESH-7K3QD-M2XVP-T",
    link="https://hi.example.com/r/A1b2C3d4E5f6abcdefg",
    unsubscribe="https://hi.example.com/u/A1b2C3d4E5f6hijklmn",
    pixel="https://hi.example.com/o/A1b2C3d4E5f6opqrstu.gif",
)


def sample(**changes: object) -> Kit:
    """Return the sample kit with changed brief fields."""
    brief = Brief(**{**{name: getattr(BRIEF, name) for name in BRIEF.__struct_fields__}, **changes})  # type: ignore[arg-type]
    return kit(BRAND, OFFER, brief)
