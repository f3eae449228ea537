"""Campaigns over the stores: documents pinned, letters pressed and proven, rows planned."""
