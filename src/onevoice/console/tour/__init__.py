"""The first look: a few steps through a new workspace or the demo, which tick themselves off."""
