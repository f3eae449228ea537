"""The SMTP channel writes right messages, and reads every answer for what it is."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from onevoice.adapters.mailbox import Mailbox, MessageNotFound, listen
from onevoice.adapters.smtp import BadSmtpUrl, Post, Server, server
from onevoice.deliver.channels.smtp import Smtp, message_id
from onevoice.deliver.signing import Signer
from onevoice.domain.delivery import Accepted, Envelope, Later, Refused, Reply, Unknown
from onevoice.domain.rendering import Letter
from tests.conftest import NOW
from tests.deliver.sink import Sink
from tests.servers import free_port

SMTP = Smtp(sender="hello@news.example.com")
LETTER = Letter(
    medium="email",
    piece="A1b2C3d4E5f6",
    to="anna@example.com",
    name="Änna Bérg",
    sender="Harvest & Hearth",
    subject="20 % für Sie – jetzt",
    text="Hallo\n.\nfrom here\n€",
    html="<p>Hallo €</p>",
    headers={"List-Unsubscribe": "<https://x.example/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)


def parsed(data: bytes) -> EmailMessage:
    """Return a message as its receiver parses it."""
    return email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)


def part(message: EmailMessage, kind: str) -> str:
    """Return the text of one part, line ends as written."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n").removesuffix("\n")


def test_message_reads_back_as_it_was_written() -> None:
    """Subject, names, both parts and the list headers survive the way through MIME."""
    message = parsed(SMTP.envelope(LETTER, at=NOW).data)

    assert LETTER.subject == message["Subject"]
    assert "Änna Bérg" == message["To"].addresses[0].display_name
    assert "hello@news.example.com" == message["From"].addresses[0].addr_spec
    assert LETTER.text == part(message, "plain")
    assert LETTER.html == part(message, "html")
    assert "List-Unsubscribe=One-Click" == message["List-Unsubscribe-Post"]
    assert "Thu, 01 Jan 2026 00:00:00 +0000" == message["Date"]


def test_same_letter_gives_same_bytes() -> None:
    """A letter has one Message-ID and one body, however often it is asked for."""
    one, other = SMTP.envelope(LETTER, at=NOW), SMTP.envelope(LETTER, at=NOW)

    assert one == other
    assert f"Message-ID: {message_id(LETTER.piece, SMTP.sender)}\r\n".encode() in one.data


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_value_can_start_a_header(subject: str, name: str) -> None:
    """Line breaks in personal values never become headers or end the head of the message."""
    letter = msgspec.structs.replace(LETTER, subject=f"{subject}\r\nBcc: x@y.z", name=f"{name}\nX-Evil: 1")
    data = SMTP.envelope(letter, at=NOW).data
    head = data.split(b"\r\n\r\n", 1)[0]

    assert not [line for line in head.split(b"\r\n") if line.lower().startswith((b"bcc", b"x-evil"))]
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"--=_A1b2C3d4E5f6_part--" in data


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(stage="data", code=250, text="2.0.0 queued as 7"), Accepted("2.0.0 queued as 7")),
        (Reply(stage="data", code=0, text="timeout"), Unknown("timeout")),
        (Reply(stage="rcpt", code=0, text="reset"), Later("reset")),
        (Reply(stage="connect", code=0, text="refused"), Later("refused")),
        (Reply(stage="connect", code=554, text="go away"), Later("554 go away")),
        (Reply(stage="rcpt", code=450, text="4.2.0 later"), Later("450 4.2.0 later")),
        (Reply(stage="data", code=451, text="greylisted"), Later("451 greylisted")),
        (Reply(stage="rcpt", code=550, text="5.1.1 no user"), Refused("550 5.1.1 no user", suppress=True)),
        (Reply(stage="rcpt", code=550, text="5.7.1 policy"), Refused("550 5.7.1 policy")),
        (Reply(stage="rcpt", code=552, text="5.2.2 full"), Refused("552 5.2.2 full")),
        (Reply(stage="rcpt", code=550, text="User unknown"), Refused("550 User unknown", suppress=True)),
        (Reply(stage="data", code=554, text="5.7.1 spam"), Refused("554 5.7.1 spam")),
    ],
)
def test_every_answer_is_read_for_what_it_is(reply: Reply, expected: object) -> None:
    """Only silence after the dot is unknown; only a dead address is suppressed; policy is not a dead address."""
    assert expected == SMTP.receipt(reply)


def envelope(number: int) -> Envelope:
    """Return a small message to somebody."""
    letter = msgspec.structs.replace(LETTER, piece=f"piece{number:07}", to=f"p{number}@example.com")
    return SMTP.envelope(letter, at=NOW)


def test_server_that_misbehaves_is_reported_letter_by_letter() -> None:
    """Each refusal, silence and broken line is a reply of its own, and the letters beside it go through."""
    plan = {"p1@example.com": "drop", "p2@example.com": "busy", "p3@example.com": "dead", "p4@example.com": "policy"}
    with Sink({**plan, "p5@example.com": "cut"}) as sink:
        post = Post(server(sink.url), connections=3, deadline=5)
        replies = post.send([envelope(number) for number in range(9)])
        post.close()

    assert [250, 0, 450, 550, 554, 0, 250, 250, 250] == [reply.code for reply in replies]
    assert ["data", "rcpt"] == [replies[1].stage, replies[5].stage]
    assert ["piece0000000", "piece0000001", "piece0000006", "piece0000007", "piece0000008"] == sorted(sink.handler.took)


def test_slow_server_is_unknown_after_the_deadline() -> None:
    """A server that takes the message but answers too late leaves the outcome unknown."""
    with Sink(slow=1.0) as sink:
        post = Post(server(sink.url), connections=1, deadline=0.3)
        replies = post.send([envelope(1)])
        post.close()

    assert [("data", 0)] == [(reply.stage, reply.code) for reply in replies]
    assert isinstance(SMTP.receipt(replies[0]), Unknown)


def test_absent_server_is_later() -> None:
    """Nobody listening means that nothing was sent."""
    post = Post(Server(host="127.0.0.1", port=free_port()), connections=1, deadline=2)
    replies = post.send([envelope(1)])
    post.close()

    assert isinstance(SMTP.receipt(replies[0]), Later)


def test_url_says_how_to_reach_the_server() -> None:
    """User, password, port and encryption come from the URL; another scheme is refused with the right form."""
    assert Server(host="h", port=2525, user="a@b", password="p/w", starttls=True) == server(
        "smtp://a%40b:p%2Fw@h:2525?starttls=1"
    )
    assert Server(host="h", port=465, tls=True) == server("smtps://h")
    with pytest.raises(BadSmtpUrl, match="smtps://"):
        server("http://h")


def test_mailbox_keeps_what_it_received(tmp_path: Path) -> None:
    """A message sent by SMTP is in the Maildir, found by its piece, and shown as it was written."""
    mailbox = Mailbox(tmp_path / "mail")
    sink = listen(mailbox)
    post = Post(Server(host="127.0.0.1", port=sink.start()), connections=1, deadline=5)
    replies = post.send([SMTP.envelope(LETTER, at=NOW), envelope(2)])
    post.close()
    sink.stop()

    assert [250, 250] == [reply.code for reply in replies]
    assert 2 == mailbox.count()
    mail = mailbox.of_piece(LETTER.piece)
    assert 1 == len(mail)
    assert (LETTER.subject, LETTER.html) == (mail[0].subject, mail[0].html.strip())
    assert mail[0] == mailbox.read(mail[0].id)
    with pytest.raises(MessageNotFound):
        mailbox.get("../../etc/passwd")


def test_signature_covers_the_one_click_headers() -> None:
    """A signed message verifies with the public key, and a changed unsubscribe link breaks it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    import base64

    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    signed = Signer(domain="news.example.com", selector="s1", key=pem).sign(SMTP.envelope(LETTER, at=NOW).data)

    assert dkim.verify(signed, dnsfunc=lambda *_, **__: record)
    assert not dkim.verify(signed.replace(b"/u/1>", b"/u/2>"), dnsfunc=lambda *_, **__: record)
