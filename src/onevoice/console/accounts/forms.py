"""What members type about themselves and each other."""

from django import forms
from django.utils.translation import gettext_lazy as _

from onevoice.console.accounts.roles import ROLES


class SignIn(forms.Form):
    """An address and a password."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False
    )


class Password(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label=_("New password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 10}),
        strip=False,
        help_text=_("Ten characters or more. A sentence that you like is a good one."),
    )
    again = forms.CharField(
        label=_("The same again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def clean(self) -> dict[str, str]:
        """Refuse two different passwords."""
        given = super().clean()
        if given.get("password") != given.get("again"):
            self.add_error("again", _("The two passwords differ."))
        return given


class NewMember(forms.Form):
    """Somebody to invite."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(key, name) for key, name, _purpose in ROLES], initial="marketer"
    )
