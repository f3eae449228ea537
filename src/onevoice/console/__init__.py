"""The Django project: Onevoice for people."""

from onevoice.console.configuration import migrate, setup
from onevoice.console.house import configure

__all__ = ["configure", "migrate", "setup"]
