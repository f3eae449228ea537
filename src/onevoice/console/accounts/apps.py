"""The Django app of members."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Members and their roles."""

    name = "onevoice.console.accounts"
    label = "accounts"
