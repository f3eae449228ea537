"""Facets and consents survive the store, on both databases."""

from hypothesis import given, settings

from onevoice.adapters.database import Database
from onevoice.adapters.state.profiles import Profiles
from onevoice.domain.event import Event
from onevoice.domain.profile import Facet
from onevoice.profile.facet import Facets, fold
from tests.profile.events import histories


def test_facets_come_back_as_they_were(database: Database) -> None:
    """Whatever was folded is read back equal, in any number of batches."""
    profiles = Profiles(database)

    @settings(max_examples=25)
    @given(histories())
    def property_(history: list[Event]) -> None:
        database.execute("DELETE FROM facets")
        whole = Facets()
        for event in history:
            fold(whole, 1, event)
            batch = Facets()
            profiles.fill(batch, [1, 2])
            fold(batch, 1, event)
            profiles.save(batch)
        expected = dict(whole.changed())

        assert expected == profiles.facets([1, 2])

    property_()


def test_fill_gives_a_new_node_an_empty_facet(database: Database) -> None:
    """Folding a node that was never seen starts from nothing, and what is loaded is not asked for again."""
    facets = Facets()
    Profiles(database).fill(facets, [3])

    assert {3: Facet()} == facets.loaded
    assert set() == facets.missing([3])
