"""The Django app of the frame."""

from django.apps import AppConfig


class Shell(AppConfig):
    """Frame, assets and template tags; it has no tables."""

    name = "onevoice.console.shell"
    label = "shell"
