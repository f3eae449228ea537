"""From an empty folder to letters in a mailbox, with the commands that people type."""

from pathlib import Path

import msgspec
import yaml
from typer.testing import CliRunner

from onevoice.adapters.campaigns.documents import as_yaml
from onevoice.adapters.mailbox import Mailbox, listen
from onevoice.adapters.state.ledger import Ledger
from onevoice.cli import app
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.wiring import settings as settings_of
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now
from onevoice.worker.shift import drain
from tests.compose.samples import BRAND, BRIEF, OFFER


def run(home: Path, *words: str, expected: int = 0) -> str:
    """Run a command in the workspace and return what it printed, or the sentence of its error."""
    done = CliRunner().invoke(app, words, env={"ONEVOICE_HOME": str(home), "COLUMNS": "200"})
    assert expected == done.exit_code, done.output + str(done.exception)
    return done.output + (str(done.exception) if done.exception else "")


def workspace(home: Path, smtp: str) -> Stores:
    """Make a workspace with the sample documents and three customers, one of whom never agreed to mail."""
    run(home, "init", str(home))
    (home / "onevoice.yaml").write_text(yaml.safe_dump({"workspace": "test", "smtp": smtp}))
    valid = msgspec.structs.replace(
        OFFER.valid, start=OFFER.valid.start.replace(year=2020), end=OFFER.valid.end.replace(year=2099)
    )
    documents = {
        "brand/house": as_yaml(BRAND),
        "offers/produce20": as_yaml(msgspec.structs.replace(OFFER, valid=valid)),
        "briefs/summer": as_yaml(BRIEF),
        "audiences/everyone": "title: Everyone\n",
        "campaigns/summer": "title: Summer\nbrief: summer\naudience: everyone\nchannels: [email, sms, print]\n",
    }
    for name, text in documents.items():
        path = home / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    stores = Stores.open(settings_of.read(home))
    stores.intake.emit([event for number in range(3) for event in customer(number)], "test", now())
    drain(stores, stores.settings)
    return stores


def customer(number: int) -> list[Event]:
    """Return what the shop knows of a customer."""
    names = (
        Identifier("crm_id", f"c{number}", Trust.VERIFIED),
        Identifier("email", f"kim{number}@example.com", Trust.VERIFIED),
        Identifier("phone", f"+1201555010{number}", Trust.VERIFIED),
    )
    place = {"street": f"{number} Elm Street", "city": "Dayton", "state": "OH", "postalCode": "45402"}
    base = {"occurred_at": now() - 1_000_000, "received_at": now(), "identifiers": names, "source": "test"}
    known = Event(
        id=f"i{number}", name="Identified", type="identify", traits={"first_name": "Kim", "address": place}, **base
    )
    channels = ("sms", "print") if number == 2 else ("email", "sms", "print")
    granted = [
        Event(id=f"g{number}{one}", name="Consent Granted", properties={"channel": one, "purpose": "marketing"}, **base)
        for one in channels
    ]
    return [known, *granted]


def test_campaign_from_an_empty_folder(tmp_path: Path) -> None:
    """Apply, prove, compose and send: the mailbox holds what was proven, the ledger says why one got no mail."""
    home, mailbox = tmp_path / "shop", Mailbox(tmp_path / "mail")
    listener = listen(mailbox)
    stores = workspace(home, f"smtp://127.0.0.1:{listener.start()}")

    assert "campaign  summer                   version 1\n" in run(home, "apply", str(home))
    assert "version 1, unchanged" in run(home, "apply", str(home))
    assert "Proven on" in run(home, "prove", "summer")
    assert ".pdf" in run(home, "compose", "summer", "--to", str(tmp_path / "preview"))
    run(home, "send", "summer", "--now")
    listener.stop()

    ledger = Ledger(stores.state)
    send = ledger.sends("summer")[0]
    assert {
        ("email", "accepted"): 2,
        ("email", "suppressed"): 1,
        ("sms", "accepted"): 3,
        ("print", "accepted"): 3,
    } == ledger.counts(send.id)
    assert 2 == mailbox.count()
    assert {"20% off your summer basket"} == {mail.subject for mail in mailbox.newest()}
    row = next(one for one in ledger.of_send(send.id, ["accepted"]) if one.channel == "email")
    assert row.code in mailbox.of_piece(row.piece)[0].text
    drain(stores, stores.settings)
    told = [name for (name,) in stores.state.query("SELECT name FROM events WHERE name LIKE '%Sent' ORDER BY name")]
    assert ["Email Sent"] * 2 + ["Mail Piece Sent"] * 3 + ["SMS Sent"] * 3 == told


def test_wrong_document_says_file_field_and_what_to_do(tmp_path: Path) -> None:
    """Each mistake in a document is one sentence with the file, the field and the remedy; nothing is stored."""
    home = tmp_path / "shop"
    stores = workspace(home, "")
    for name, text, says in (
        ("campaigns/bad", "title: x\nbrief: summer\naudience: everyone\nchannels: [fax]\n", "channels"),
        (
            "campaigns/bad",
            "title: x\nbrief: summer\naudience: everyone\nchannel: [email]\n",
            "Known fields: title, brief",
        ),
        ("campaigns/bad", "title: x\nbrief: winter\naudience: everyone\nchannels: [sms]\n", "no brief named 'winter'"),
        (
            "offers/bad",
            "title: x\nkind: percent\namount: 120\nvalid: {start: 2026-01-01, end: 2026-02-01}\n",
            "between 0 and 100",
        ),
        ("briefs/bad", "title: x\nbrand: house\n", "missing required field"),
        ("briefs/bad", "title: [x\n", "line"),
    ):
        path = home / f"{name}.yaml"
        path.write_text(text)
        said = run(home, "apply", str(home), expected=1)
        assert f"{path.name}: " in said
        assert says in said
        path.unlink()

    assert [] == stores.definitions.newest("campaign")


def test_exported_documents_apply_unchanged(tmp_path: Path) -> None:
    """What is exported is the same documents: applied again they make no new version."""
    home = tmp_path / "shop"
    stores = workspace(home, "")
    run(home, "apply", str(home))
    written = run(home, "export", str(tmp_path / "out")).split()
    (tmp_path / "out" / "onevoice.yaml").write_text("")
    said = run(home, "apply", str(tmp_path / "out"))

    assert len(written) == len(said.splitlines()) == said.count("version 1, unchanged")
    assert {"house.yaml", "produce20.yaml", "summer.yaml", "everyone.yaml"} <= {Path(one).name for one in written}
    stores.close()
