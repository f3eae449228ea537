"""People: the list, the search, and one person in full."""
