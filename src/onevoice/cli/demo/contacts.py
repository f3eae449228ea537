"""
Made-up contacts for real households: names, addresses, e-mail and telephone that can belong to nobody.

E-mail addresses end in example.com (RFC 2606); telephone numbers are 555-0100 to 555-0199, which are set aside for
fiction. Every contact carries the trait `made_up`.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

FIRST = (
    "Ada", "Alma", "Amos", "Anya", "Arlo", "Bela", "Bram", "Cara", "Cleo", "Cyrus", "Dara", "Della", "Dion", "Edda",
    "Elio", "Enid", "Esme", "Ezra", "Faye", "Finn", "Gil", "Greta", "Hugo", "Ida", "Ines", "Ira", "Iris", "Ivo",
    "Jana", "Joel", "Juno", "Kaia", "Kurt", "Lars", "Leda", "Lena", "Levi", "Lola", "Luca", "Maeve", "Marco",
    "Mina", "Nell", "Nico", "Nora", "Odin", "Olga", "Orla", "Otis", "Petra", "Quinn", "Remy", "Rhea", "Rosa",
    "Saul", "Selma", "Tara", "Theo", "Uma", "Vera",
)  # fmt: skip
LAST = (
    "Abbott", "Ashdown", "Bellweather", "Birch", "Calloway", "Carver", "Danforth", "Dunmore", "Eastley", "Ellery",
    "Fairwood", "Fenwick", "Garland", "Greaves", "Hadley", "Hartwell", "Ingram", "Ivers", "Jessop", "Kell",
    "Kingsley", "Lambert", "Larkspur", "Marlow", "Merrick", "Norwood", "Oakes", "Orwin", "Pemberton", "Pryce",
    "Quill", "Radley", "Rowntree", "Sable", "Sedley", "Thorne", "Tilden", "Underhill", "Vance", "Verity",
    "Wainwright", "Wexford", "Yardley", "Yarrow", "Zeller",
)  # fmt: skip
STREETS = (
    "Acorn",
    "Barley",
    "Cedar",
    "Damson",
    "Elder",
    "Fern",
    "Gorse",
    "Hazel",
    "Juniper",
    "Linden",
    "Maple",
    "Poplar",
)

#: Telephone areas; within each, 555-0100 to 555-0199 ring nowhere.
AREAS = (
    "206", "212", "214", "215", "303", "305", "312", "313", "404", "412", "415", "503", "512", "602", "612", "617",
    "702", "704", "713", "718", "801", "804", "813", "816", "901", "904", "913",
)  # fmt: skip

CONTACTS = (
    "card", "browser", "moment", "crm_id", "first_name", "last_name", "birthday", "email", "phone", "street",
    "postcode", "city", "newsletter", "texts", "post", "made_up",
)  # fmt: skip
DESK = ("case_id", "moment", "first_name", "last_name", "birthday", "street", "postcode", "city", "made_up")


def write(folder: Path, households: Sequence[tuple[int, str]], moment: str) -> tuple[Path, Path]:
    """
    Write contacts.csv and desk.csv for households given as (id, composition).

    The desk file holds people that a service desk wrote down again, with typing errors and without any identifier
    in common: only linkage finds them.
    """
    rows = [row for household, composition in households for row in contacts(household, composition, moment)]
    contacts_path, desk_path = folder / "contacts.csv", folder / "desk.csv"
    save(contacts_path, CONTACTS, rows)
    save(desk_path, DESK, (desk for row in rows if (desk := at_the_desk(row))))
    return contacts_path, desk_path


def save(path: Path, names: Sequence[str], rows: Iterator[dict[str, str]] | Sequence[dict[str, str]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def contacts(household: int, composition: str, moment: str) -> Iterator[dict[str, str]]:
    """Yield the adults of a household: one address and one name at the door, each with their own e-mail."""
    draw = Random(household)  # noqa: S311 - the same people each time, nothing secret
    surname, area = draw.choice(LAST), AREAS[household // 100]  # ids go to 2,500: no two households share a number
    shared = {
        "moment": moment,
        "last_name": surname,
        "phone": f"+1{area}55501{household % 100:02d}",
        "street": f"{draw.randint(1, 180)} {draw.choice(STREETS)} Street, Apt {household}",
        "postcode": f"{10000 + household * 7 % 80000:05d}",
        "city": "Exampleville",
        "made_up": "yes",
    }
    for number in range(2 if composition.startswith("2 Adults") else 1):
        first = draw.choice(FIRST)
        yield {
            **shared,
            # The card of the till and the browser belong to the first; what the second buys cannot be told apart.
            "card": "" if number else str(household),
            "browser": "" if number else f"browser-{household}",
            "crm_id": f"{household}-{number + 1}",
            "first_name": first,
            "birthday": f"{draw.randint(1945, 1998)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            "email": f"{first}.{surname}.{household}.{number + 1}@example.com".lower(),
            "newsletter": "yes" if draw.random() < 0.7 else "no",
            "texts": "yes" if draw.random() < 0.4 else "no",
            "post": "yes",
        }


def at_the_desk(row: dict[str, str]) -> dict[str, str] | None:
    """Return a contact as a service desk wrote it down again, for one in nine, with a slip of the pen."""
    draw = Random(row["crm_id"])  # noqa: S311 - the same slips each time, nothing secret
    if draw.random() > 1 / 9:
        return None
    first, last = row["first_name"], row["last_name"]
    at = draw.randrange(1, len(last) - 1)
    slip = draw.choice((last[:at] + last[at + 1 :], last[:at] + last[at] + last[at:], last))
    kept = {name: row[name] for name in ("birthday", "street", "postcode", "city", "made_up")}
    # The slip came first and the CRM put the name right since, so the right spelling is what profiles show.
    written = (date.fromisoformat(row["moment"][:10]) - timedelta(days=30)).isoformat()
    return {"case_id": f"case-{row['crm_id']}", "moment": written, "first_name": first, "last_name": slip, **kept}
