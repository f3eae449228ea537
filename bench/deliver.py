"""Letters written and sent: each against the bare library that does the same work without the house around it."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosmtplib
from tests.compose.samples import ANNA, sample
from tests.deliver.people import People, Stores, person, planner, settings
from tests.deliver.sink import Sink

from bench import Row
from onevoice.adapters.database import SqliteDatabase
from onevoice.adapters.migrations import migrate
from onevoice.adapters.smtp import Post, server
from onevoice.adapters.typesetting import Typesetter
from onevoice.compose import codes, extraction, proof
from onevoice.compose.media import email, postcard
from onevoice.compose.personal import fill, template
from onevoice.deliver.channels.smtp import Smtp
from onevoice.domain.delivery import Envelope
from onevoice.worker.deliveries import CONNECTIONS, Deliveries

NOW = 1_767_225_600_000_000
LETTERS = 2_000  #: letters sent
WRITTEN = 3_000  #: letters written
CARDS = 100
SMTP = Smtp(sender="hello@example.com")


def rate(count: int, act: Callable[[], object]) -> float:
    """Return how often a second something is done."""
    began = time.perf_counter()
    for _ in range(count):
        act()
    return count / (time.perf_counter() - began)


def rows() -> Iterator[Row]:
    """Yield every line."""
    yield from written()
    yield from sent()
    yield from printed()
    minted = rate(50_000, lambda: codes.mint(b"secret", "offer", "holder"))
    yield Row("coupon codes minted", f"{minted:,.0f}/s")


def written() -> Iterator[Row]:
    """Brief to message bytes, beside Liquid alone on the same template."""
    kit = sample()
    rendering, words = email.compile_brief(kit), template(email.html_of(kit), kit.facts(), markup=True)
    values = {**kit.values(ANNA), "unsubscribe": ANNA.unsubscribe, "pixel": ANNA.pixel}
    bare = rate(WRITTEN, lambda: fill(words, values))
    whole = rate(WRITTEN, lambda: SMTP.envelope(rendering.letter(ANNA), at=NOW))
    proven = rate(
        100, lambda: proof.prove(kit, ANNA, extraction.read_email(SMTP.envelope(rendering.letter(ANNA), at=NOW).data))
    )
    yield Row(
        "e-mail, person to message bytes",
        f"{whole:,.0f}/s",
        f"python-liquid, HTML only: {bare:,.0f}/s",
        f"{whole / bare:.2f}",
        "one process, one core",
    )
    yield Row("e-mail, written and wholly proven", f"{proven:,.0f}/s")


def envelopes() -> list[Envelope]:
    """Return the messages of the bare sender."""
    rendering = email.compile_brief(sample())
    return [SMTP.envelope(rendering.letter(ANNA), at=NOW) for _ in range(LETTERS)]


def sent() -> Iterator[Row]:
    """A campaign through the ledger to a local sink, beside aiosmtplib handing over ready messages."""
    ready = envelopes()
    with Sink() as sink:
        bare = asyncio.run(_bare(ready, sink.url))
    with Sink() as sink:
        post = Post(server(sink.url), connections=CONNECTIONS)
        began = time.perf_counter()
        post.send(ready)
        own = LETTERS / (time.perf_counter() - began)
        post.close()
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        house, planned = _campaign(Path(folder), sink.url)
        assert len(set(sink.handler.took)) == LETTERS, "a letter is missing or double"
    yield Row("people planned into the ledger", f"{planned:,.0f}/s", note="proof of samples included; SQLite, fsync")
    yield Row(
        "SMTP, our sender without ledger",
        f"{own:,.0f}/s",
        f"bare aiosmtplib: {bare:,.0f}/s",
        f"{own / bare:.2f}",
        f"{CONNECTIONS} lines; the sink shares the cores",
    )
    yield Row(
        "SMTP with ledger, person to accepted",
        f"{house:,.0f}/s",
        f"bare aiosmtplib, ready messages: {bare:,.0f}/s",
        f"{house / bare:.2f}",
        "SQLite, fsync before every group",
    )


async def _bare(ready: list[Envelope], url: str) -> float:
    at = server(url)

    async def line(mine: list[Envelope]) -> None:
        client = aiosmtplib.SMTP(hostname=at.host, port=at.port)
        await client.connect()
        for one in mine:
            await client.sendmail(one.sender, [one.to], one.data)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(line(ready[start::CONNECTIONS]) for start in range(CONNECTIONS)))
    return len(ready) / (time.perf_counter() - began)


def _campaign(home: Path, url: str) -> tuple[float, float]:
    database = SqliteDatabase(home / "state.db")
    migrate(database, "intake", now=NOW)
    migrate(database, "state", now=NOW)
    people = People([person(number) for number in range(LETTERS)])
    made = planner(database, people, channels=("email",))
    began = time.perf_counter()
    made.plan("summer", lambda: people.known, now=NOW)
    planned = LETTERS / (time.perf_counter() - began)
    sender = Deliveries(Stores(database), settings(home, smtp=url), clock=lambda: NOW, recipients=people)
    began = time.perf_counter()
    while sender.step():
        pass
    elapsed = time.perf_counter() - began
    sender.close()
    database.close()
    return LETTERS / elapsed, planned


def printed() -> Iterator[Row]:
    """Postcards set, and proven from their pages."""
    kit, typesetter = sample(), Typesetter()
    page = postcard.compile_brief(kit).letter(ANNA).page
    began = time.perf_counter()
    pdf = typesetter.pdf(postcard.layout(), [page] * CARDS, postcard.measures())
    set_ = CARDS / (time.perf_counter() - began)
    began = time.perf_counter()
    for at in range(CARDS):
        proof.prove(kit, ANNA, extraction.read_postcard(pdf, 2 * at))
    proven = CARDS / (time.perf_counter() - began)
    yield Row("postcards set, both sides, with QR", f"{set_:,.0f}/s", note=f"{2 * set_:,.0f} pages/s")
    yield Row("postcards proven at 300 dpi", f"{proven:,.0f}/s")
