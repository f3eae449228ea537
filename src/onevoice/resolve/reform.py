"""Changing the rules: everybody concerned is decided anew, and what merges and what parts is told."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from onevoice.domain.event import Event
from onevoice.resolve import notice
from onevoice.resolve.graph import Graph, Node
from onevoice.resolve.naming import derived
from onevoice.resolve.rules import Rules
from onevoice.resolve.settlement import decide

CHANGED = "Identity Rules Changed"


class Outcome(NamedTuple):
    """What a change of rules does: the events of merges and splits, and the identifiers that stop or start joining."""

    events: tuple[Event, ...]

    @property
    def merges(self) -> list[Event]:
        """Persons that become one."""
        return [event for event in self.events if event.name == "Person Merged"]

    @property
    def splits(self) -> list[Event]:
        """Persons that part."""
        return [event for event in self.events if event.name == "Person Split"]


def changed(rules: Rules, *, now: int, actor: str) -> Event:
    """Return the event at which the rules change: whoever replays the log changes them at the same point."""
    body = msgspec.to_builtins(rules, str_keys=True)
    return Event(
        id=derived("rules", str(rules.version), str(now), actor),
        name=CHANGED,
        occurred_at=now,
        received_at=now,
        properties={"version": rules.version, "rules": body, "actor": actor},
        source="console",
    )


def rules_of(event: Event) -> Rules:
    """Return the rules that an event puts in force."""
    return msgspec.convert(event.properties["rules"], Rules)


def reform(graph: Graph, nodes: Iterable[Node], old: dict[int, int], cause: Event) -> tuple[Event, ...]:
    """
    Decide some whole persons anew, whose nodes already carry their statuses under the new rules.

    *old* says which status a node had before. What is too large for the rules stays as it is until a human decides.
    """
    concerned = sorted(nodes, key=lambda node: node.id)
    told = [notice.demoted(graph, node, cause) for node in concerned if old.get(node.id, node.status) != node.status]
    graph.dirty_nodes.update(node for node in concerned if node.id in old)
    if len(concerned) > 1:
        told += decide(graph, concerned, cause)
    return tuple(told)
