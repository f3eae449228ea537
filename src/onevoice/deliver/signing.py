"""DKIM signatures (RFC 6376, RFC 8301), with dkimpy: rsa-sha256 or ed25519 over what receivers ask for."""

import dkim
import msgspec

#: What is signed where it is present; one-click unsubscribe must be covered (RFC 8058 section 4).
HEADERS = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"mime-version",
    b"content-type",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """One key of one domain; the public half stands in DNS under `selector._domainkey.domain`."""

    domain: str
    selector: str
    key: bytes  #: PEM

    def sign(self, message: bytes) -> bytes:
        """Return the message with its signature in front."""
        head = message.split(b"\r\n\r\n", 1)[0].lower()
        present = [name for name in HEADERS if head.startswith(name + b":") or b"\r\n" + name + b":" in head]
        signature: bytes = dkim.sign(
            message,
            self.selector.encode(),
            self.domain.encode(),
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=present,
        )
        return signature + message
