"""What is asked when a key is made."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NewKey(forms.Form):
    """A name and a kind."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Where it will be used: website, till 4, warehouse import."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[("write", _("Write key, public: websites and apps")), ("secret", _("Secret key: your own servers"))],
    )
