"""Opens the engine over a workspace, for whichever door asks about audiences and results."""

from onevoice.adapters.analysis import Analysis
from onevoice.adapters.engine import open_engine
from onevoice.wiring.stores import Stores


def open_analysis(stores: Stores) -> Analysis:
    """Return audiences and reports over the stores of a workspace, on the engine its settings name."""
    settings = stores.settings
    engine = open_engine(settings.engine, memory=settings.engine_memory)
    return Analysis(stores.state, stores.intake, stores.lake, engine)
