"""The steps of the first look, as data: what each is called, what it shows, and who may take it."""

from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `text` may hold `%(name)s`, the name of what was found for it."""

    key: str
    title: Any
    text: Any
    icon: str
    need: str = "see"
    snippet: str = ""  #: which ready-made line is shown below it


#: A workspace that is full of data: what is there to be seen.
SIGHTS = (
    Step(
        key="person",
        title=_("One person, many records"),
        text=_("%(name)s came in under several names and numbers. See why they are one."),
        icon="fingerprint",
    ),
    Step(
        key="household",
        title=_("A household"),
        text=_("%(name)s does not live alone. See who shares the address or the telephone."),
        icon="home-2",
    ),
    Step(
        key="campaign",
        title=_("One brief, every medium"),
        text=_("%(name)s: its proof, and each e-mail as it was received."),
        icon="mail-opened",
    ),
    Step(
        key="mailing",
        title=_("What cannot be known"),
        text=_("A mailing without a held-out group: what it did, and why nobody can say what it caused."),
        icon="chart-bar",
    ),
    Step(
        key="rejected",
        title=_("Nothing gets lost"),
        text=_("Where events wait that could not be read, to be mended and sent again."),
        icon="alert-triangle",
        need="inspect",
    ),
)

#: A workspace that is still empty: what to do first.
STARTS = (
    Step(
        key="key",
        title=_("Make a key"),
        text=_("A website, a till or a server speaks with a key of its own."),
        icon="key",
        need="manage",
    ),
    Step(
        key="event",
        title=_("Send a first event"),
        text=_("Any Segment-compatible SDK will do, or this line. The person is on the People page a moment later."),
        icon="send",
        snippet="event",
    ),
    Step(
        key="file",
        title=_("Import a file"),
        text=_(
            "Customers and purchases you already have. The first command drafts the mapping, the second takes it in."
        ),
        icon="table",
        snippet="file",
    ),
    Step(
        key="colleague",
        title=_("Invite a colleague"),
        text=_("Six roles, from owner to analyst; a link lets them in."),
        icon="user-plus",
        need="manage",
    ),
)

#: In the list of what a member has seen: they want to see this no more.
DISMISSED = "dismissed"
