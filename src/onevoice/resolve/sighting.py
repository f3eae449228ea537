"""The first sighting of an identifier makes its node, and binds a Gmail address to the mailbox behind it."""

from onevoice.resolve.blocklist import mailbox
from onevoice.resolve.bond import EVENT, SURE
from onevoice.resolve.graph import BLOCKED, Graph, Key, Node, NotLoaded
from onevoice.resolve.settlement import Work, connect


def sight(graph: Graph, key: Key, at: int, work: Work) -> Node:
    """
    Return the node of a key, made if it is new, seen at this moment.

    Raises:
        NotLoaded: The working set was not filled with it.
    """
    node = graph.by_key.get(key)
    if node is None:
        node = graph.create(key, at)
        work.seeds.add(node)
        if node.kind.startswith("email") and node.status != BLOCKED and (box := mailbox(node.value)):
            _canonical(graph, node, ("mailbox", box), work)
    elif node.component is None:
        raise NotLoaded(kind=node.kind)
    elif at < node.first_at:
        _earlier(graph, node, at, work)
    return node


def _earlier(graph: Graph, node: Node, at: int, work: Work) -> None:
    """Move the moment at which a node was first seen; it may now exceed a limit together with others, or no more."""
    component, old = node.component, node.first_at
    node.first_at = at
    graph.dirty_nodes.add(node)
    if not node.rule.limit or component is None:
        return
    if component.plain and old in (times := component.times.get(node.kind, [])):
        times.remove(old)
        times.append(at)
    if len(component.nodes) > node.rule.limit:
        work.seeds.add(node)


def _canonical(graph: Graph, email: Node, key: Key, work: Work) -> None:
    box = graph.by_key.get(key)
    if box is None:
        box = graph.create(key, 0)
        work.seeds.add(box)
    bond = connect(graph, email, box)
    bond.say(EVENT + SURE, 0, "")  # a truth without a date: it must not depend on which event told it
    work.fresh[bond] = None
