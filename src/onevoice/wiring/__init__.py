"""Reads settings, builds adapters, hands them to the doors."""
