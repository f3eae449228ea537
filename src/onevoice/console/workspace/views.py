"""The settings pages about the workspace itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from onevoice import __version__
from onevoice.console import house
from onevoice.console.shell.doors import needs
from onevoice.console.shell.notices import Undo, tell
from onevoice.console.workspace import actions, forms, queries


@needs("self")
def settings(request: HttpRequest) -> HttpResponse:
    """Send a member to the settings that are theirs."""
    return redirect("keys" if request.user.may("manage") else "password")


@needs("manage")
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys, and make one."""
    form = forms.NewKey(request.POST or None)
    page = {"section": "keys"}
    if form.is_valid():
        made, token = actions.add_key(**form.cleaned_data, now=house.now())
        page |= {"made": made, "token": token, "example": queries.example(token, house.settings().url)}
        form = forms.NewKey()
    page |= {"form": form, "keys": queries.keys()}
    return render(request, "workspace/keys.html", page, status=400 if form.errors else 200)


@needs("manage")
@require_POST
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """End a key's life."""
    actions.revoke_key(key_id=key_id, now=house.now())
    tell(
        request,
        _("The key is revoked; what it sends is refused from now on."),
        undo=Undo("key-restore", {"key_id": key_id}),
    )
    return redirect("keys")


@needs("manage")
@require_POST
def restore(request: HttpRequest, key_id: str) -> HttpResponse:
    """Undo a revocation."""
    actions.restore_key(key_id=key_id)
    tell(request, _("The key works again."))
    return redirect("keys")


@needs("manage")
def workspace(request: HttpRequest) -> HttpResponse:
    """Show what this workspace is and where it keeps its things."""
    page = {"section": "workspace", "settings": house.settings(), "version": __version__}
    return render(request, "workspace/workspace.html", page)
