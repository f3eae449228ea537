"""The workspace itself: its keys and what it is called."""
