"""Every store of a workspace, opened once and handed to the doors."""

from functools import cached_property

from onevoice.adapters.database import Database
from onevoice.adapters.lake import Lake
from onevoice.adapters.state.consents import Consents
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.keys import Keys
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import Profiles
from onevoice.wiring.plan import PlanKeeper
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_intake, open_state, secret_of


class Stores:
    """
    The stores of one workspace.

    `state` and `backlog` are the two databases; the others are views of their tables. Whatever is costly to reach
    (the lake) is opened when it is first asked for.
    """

    def __init__(self, settings: Settings, state: Database, backlog: Database) -> None:
        self.settings = settings
        self.state = state
        self.backlog = backlog
        self.intake = Intake(backlog)
        self.keys = Keys(state)
        self.definitions = Definitions(state)
        self.log = Log(state)
        self.graph = GraphStore(state)
        self.profiles = Profiles(state)
        self.consents = Consents(state)

    @classmethod
    def open(cls, settings: Settings) -> "Stores":
        """Open everything, and bring the tables of both databases up to date."""
        return cls(settings, open_state(settings), open_intake(settings))

    @cached_property
    def plan(self) -> PlanKeeper:
        """The tracking plan in force."""
        return PlanKeeper(self.settings, self.state, secret_of(self.settings))

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake_url, self.settings.lake_options)

    def close(self) -> None:
        """Close this thread's connections."""
        self.state.close()
        self.backlog.close()
