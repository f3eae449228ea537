"""An endpoint is a row of data: the router, the permissions and the OpenAPI document are all made from it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from onevoice.adapters.state.keys import Key
from onevoice.domain.errors import BadInput

T = TypeVar("T")


class BadQuery(BadInput):
    """A parameter of the query is missing, unknown or cannot be read; the detail names it."""


class BadBody(BadInput):
    """The body does not have the shape that this address takes; the message says where."""


class Parameter(NamedTuple):
    """One parameter of a query."""

    name: str
    text: str
    required: bool = False
    schema: Mapping[str, Any] = {"type": "string"}


class Call(NamedTuple):
    """One request, as an endpoint sees it."""

    key: Key
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now: int

    def read(self, shape: type[T]) -> T:
        """
        Return the body as a struct.

        Raises:
            BadBody: It is none.
        """
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadBody(f"The body cannot be read: {error}.") from error

    def text(self, name: str) -> str:
        """Return a text of the query without what no store takes; nothing if it is not there."""
        return self.query.get(name, "").replace("\0", "")

    def number(self, name: str, default: int, most: int) -> int:
        """
        Return a whole number of the query, between 1 and *most*.

        Raises:
            BadQuery: It is no such number.
        """
        given = self.query.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,6}", given) or not 1 <= int(given) <= most:
            raise BadQuery(f"{name} must be a whole number from 1 to {most}.", parameter=name)
        return int(given)


class Endpoint(NamedTuple):
    """
    One address of the machine API.

    `run` may block: it is called in a thread of its own. `open_query` takes names of the query that are not listed.
    """

    method: str
    path: str
    scope: str
    summary: str
    run: Callable[[Call], Any]
    answer: type
    query: tuple[Parameter, ...] = ()
    body: type | None = None
    status: int = 200
    open_query: str = ""  #: what a query name that is not listed means
    errors: tuple[int, ...] = ()  #: statuses beside 400, 401, 403, 429 and 503

    def check(self, query: Mapping[str, str]) -> None:
        """
        Refuse a query with names that are unknown or missing.

        Raises:
            BadQuery: There is one.
        """
        names = {parameter.name for parameter in self.query}
        unknown = [] if self.open_query else sorted(set(query) - names)
        missing = [parameter.name for parameter in self.query if parameter.required and not query.get(parameter.name)]
        for name in unknown:
            raise BadQuery(f"There is no parameter {name!r} here.", parameter=name)
        for name in missing:
            raise BadQuery(f"The parameter {name} is missing.", parameter=name)
