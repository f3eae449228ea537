"""Audiences: who is in one now, for other systems that act on it."""

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.members import Members, Stay
from onevoice.domain.errors import NotFound
from onevoice.gateway.api import shapes
from onevoice.gateway.api.endpoint import Call, Endpoint, Parameter

READ = "audiences:read"
MOST = 1_000


class AudienceNotFound(NotFound):
    """There is no audience of that name."""


class Member(msgspec.Struct, frozen=True):
    """One person in an audience."""

    person: str
    since: str
    identifiers: list[shapes.Named]


class MemberPage(msgspec.Struct, frozen=True):
    """One page of members in the order of their ids; an empty cursor ends the list."""

    audience: str
    size: int  #: of the whole audience
    members: list[Member]
    cursor: str = ""


class Audiences:
    """The endpoints about audiences."""

    def __init__(self, state: Database) -> None:
        self._members = Members(state)
        self._definitions = Definitions(state)
        self._graph = GraphStore(state)

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints."""
        cursor = Parameter("cursor", "The cursor of the page before; empty for the first.")
        limit = Parameter("limit", "How many at most.", schema={"type": "integer", "minimum": 1, "maximum": MOST})
        return [
            Endpoint(
                "GET", "/audiences/{name}/members", READ, "List who is in an audience now", self.members, MemberPage,
                (cursor, limit), errors=(404,),
            )
        ]  # fmt: skip

    def members(self, call: Call) -> MemberPage:
        """Return one page of members."""
        name = call.path["name"].replace("\0", "")
        limit = call.number("limit", 100, MOST)
        stays = self._members.page(name, call.text("cursor"), limit)
        if not stays and self._definitions.find("audience", name) is None:
            raise AudienceNotFound(audience=name)
        cursor = stays[-1].person if len(stays) == limit else ""
        return MemberPage(name, self._members.size(name), [self._member(stay) for stay in stays], cursor)

    def _member(self, stay: Stay) -> Member:
        names = [shapes.named(one) for one in self._graph.identifiers(stay.person)]
        return Member(stay.person, shapes.when(stay.entered_at), names)
