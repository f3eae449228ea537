"""Search for people: any identifier exactly, names as typed, as begun, or with a typo."""

import re

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.people import People
from onevoice.collect import address
from onevoice.domain.profile import Hit, Summary
from onevoice.profile import term

#: Kinds in the graph, found by hopping through the index instead of reading it.
KINDS = """
WITH RECURSIVE found(kind) AS (
    SELECT min(kind) FROM nodes
    UNION ALL
    SELECT (SELECT min(n.kind) FROM nodes AS n WHERE n.kind > found.kind) FROM found WHERE found.kind IS NOT NULL
)
SELECT kind FROM found WHERE kind IS NOT NULL
"""
HIDDEN = frozenset({"mailbox"})
BLOCKED = 3  #: nodes.status of a value that names nobody

#: Words typed that are looked at, words of the vocabulary tried for each, and people weighed.
TYPED, TRIED, WEIGHED = 5, 40, 500
#: A piece shared by more words than this says too little to be worth reading.
COMMON = 20_000
#: People behind the rarest word typed; beyond, only words as typed are tried.
CROWD = 50_000


class Search:
    """Answers what is typed into the search box; *country* reads phone numbers without a country code."""

    def __init__(self, database: Database, country: str = "US") -> None:
        self.database = database
        self.people = People(database)
        self.country = country

    def find(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the best answers: identifiers that fit exactly, then names by likeness, then by who was seen last."""
        exact = self._exact(text.strip()[:500])
        named = self._named(text, limit) if len(exact) < limit else []
        known = {hit.summary.person for hit in exact}
        return (exact + [hit for hit in named if hit.summary.person not in known])[:limit]

    def _exact(self, text: str) -> list[Hit]:
        if not text:
            return []
        kinds = [kind for (kind,) in self.database.query(KINDS) if kind not in HIDDEN]
        named, _, value = text.partition(":")
        wanted = {(kind, one) for kind in kinds for one in spellings(text, self.country)}
        wanted |= {(kind, one) for kind in kinds if kind == named for one in spellings(value, self.country)}
        rows = self.database.lookup("nodes", ("kind", "person", "status"), ("kind", "value"), sorted(wanted))
        kind_of = {person: kind for kind, person, status in sorted(rows, reverse=True) if status != BLOCKED}
        found = self.people.of(kind_of)
        return [Hit(summary=one, score=1.0, found_by=kind_of[one.person]) for one in found]

    def _named(self, text: str, limit: int) -> list[Hit]:
        typed = term.words(text)[:TYPED]
        if not typed:
            return []
        as_typed = [{word: term.EXACT} for word in typed]
        found = self._weighed(as_typed)
        if len(found) < limit:
            chosen = [self._candidates(word) for word in typed]
            if all(chosen):
                found += self._weighed(chosen, known={hit.summary.person for hit in found})
        return sorted(found, key=lambda hit: (-round(hit.score, 6), *(-hit.summary.last_at, hit.summary.person)))

    def _candidates(self, typed: str) -> dict[str, float]:
        """Return the words of the vocabulary that may be meant, with how well each fits."""
        beginning = f"^{typed[: term.BEGINNING]}"
        found = self._share([beginning], 1, 0, term.LETTERS) if len(typed) > 1 else set()
        typos = term.reach(typed)
        lengths = (len(typed) - typos, len(typed) + typos)
        if typos:
            found |= self._share(sorted(term.gaps(typed)), 1, *lengths)
        if typos > 1:
            pieces = sorted(term.trigrams(typed))
            found |= self._share(pieces, max(1, len(pieces) - 3 * typos), *lengths)
        likes = {word: like for word in {*found, typed} if (like := term.likeness(typed, word))}
        best = sorted(likes.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
        return dict(best[:TRIED])

    def _share(self, pieces: list[str], least: int, shortest: int, longest: int) -> set[str]:
        """Return the words that share at least so many pieces (of those that are not too common) and fit in length."""
        rare = [piece for piece in pieces if self._size("people_grams", "gram", [piece], COMMON) <= COMMON]
        least = max(1, least - (len(pieces) - len(rare)))
        marks = ", ".join("?" * len(rare))
        rows: list[Row] = self.database.query(
            f"SELECT word FROM people_grams WHERE gram IN ({marks}) AND length(word) BETWEEN ? AND ? "
            "GROUP BY word HAVING count(*) >= ?",
            (*rare, shortest, longest, least),
        ) if rare else []  # fmt: skip
        return {word for (word,) in rows}

    def _size(self, table: str, column: str, values: list[str], most: int) -> int:
        marks = ", ".join("?" * len(values))
        row = self.database.one(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} IN ({marks}) LIMIT ?) AS part",
            (*values, most + 1),
        )
        return int(row[0]) if row else 0

    def _weighed(self, chosen: list[dict[str, float]], known: set[str] | None = None) -> list[Hit]:
        """Return the people who have one word of every set, with their score; the rarest set leads."""
        sizes = [self._size("people_terms", "term", sorted(likes), CROWD) for likes in chosen]
        if not all(sizes) or (known is not None and min(sizes) > CROWD):
            return []
        ranked = [likes for _, _, likes in sorted(zip(sizes, range(len(chosen)), chosen, strict=True))]
        persons = self._having([sorted(likes) for likes in ranked])
        hits = []
        for terms, summary in self._lines(persons, known or set()):
            score = term.score(chosen, terms)
            if score:
                hits.append(Hit(summary=summary, score=score, found_by="name"))
        return hits

    def _having(self, sets: list[list[str]]) -> list[str]:
        first, *others = sets
        also = "".join(
            f" AND EXISTS (SELECT 1 FROM people_terms AS o WHERE o.person = t.person "
            f"AND o.term IN ({', '.join('?' * len(one))}))"
            for one in others
        )
        rows = self.database.query(
            f"SELECT DISTINCT t.person FROM people_terms AS t WHERE t.term IN ({', '.join('?' * len(first))}){also} "
            "ORDER BY t.person LIMIT ?",
            (*first, *(word for one in others for word in one), WEIGHED),
        )
        return [person for (person,) in rows]

    def _lines(self, persons: list[str], known: set[str]) -> list[tuple[set[str], Summary]]:
        wanted = [person for person in persons if person not in known]
        rows = self.database.lookup("people", ("person", "terms"), ("person",), wanted)
        terms = {person: set(text.split("\n")) for person, text in rows}
        return [(terms[one.person], one) for one in self.people.of(wanted)]


def spellings(text: str, country: str) -> list[str]:
    """Return the forms in which a typed identifier may be stored: as it is, in lower case, as address, as number."""
    digits = re.sub(r"[\s()./-]", "", text)
    forms = [text, text.lower(), address.email(text) if "@" in text else ""]
    if digits.lstrip("+").isdigit() and digits.isascii():
        forms += [digits, address.phone(text, country)]
    return list(dict.fromkeys(form for form in forms if form))
