"""Audiences and campaigns."""
