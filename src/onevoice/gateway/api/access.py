"""Who may use the machine API: secret keys, as bearer tokens, for what their scopes name, and nothing else."""

import time

from starlette.requests import Request

from onevoice.adapters.state.keys import Key
from onevoice.gateway.keyring import Allowance, KeyRing
from onevoice.gateway.refusals import NotInScope, UnknownKey


class Access:
    """Checks bearer keys."""

    def __init__(self, ring: KeyRing, allowance: Allowance) -> None:
        self._ring = ring
        self._allowance = allowance

    async def key(self, request: Request, scope: str) -> Key:
        """
        Return the key of a request that may do what *scope* names; an empty scope asks for a living secret key only.

        Raises:
            UnknownKey: There is no living secret key.
            TooFast: It asks too often.
            NotInScope: It may not do this.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token.startswith("sk_"):
            raise UnknownKey("Send a secret key as `Authorization: Bearer sk_…`.")
        key = await self._ring.find(token)
        self._allowance.spend(key.id, time.monotonic())
        if scope and scope not in key.scopes:
            raise NotInScope(scope=scope)
        return key
