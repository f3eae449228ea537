"""Pages about coming in, and about who may."""

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from onevoice.console import house
from onevoice.console.accounts import access, actions, forms, queries, throttle
from onevoice.console.accounts.links import one_time
from onevoice.console.accounts.models import Member
from onevoice.console.accounts.roles import ROLES
from onevoice.console.shell.doors import needs, public
from onevoice.console.shell.notices import Undo, tell
from onevoice.domain.errors import OnevoiceError

BACKEND = "django.contrib.auth.backends.ModelBackend"


def onward(request: HttpRequest) -> str:
    """Return where to go after signing in: the page asked for, if it is ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "home"


@public
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let a member in by password."""
    if request.user.is_authenticated:
        return redirect(onward(request))
    form = forms.SignIn(request.POST or None)
    if form.is_valid():
        member = _checked(request, form)
        if member is not None:
            login(request, member, backend=BACKEND)
            return redirect(onward(request))
    page = {"form": form, "next": request.GET.get("next", ""), "anyone": queries.anyone()}
    return render(request, "accounts/sign_in.html", page, status=400 if form.errors else 200)


def _checked(request: HttpRequest, form: forms.SignIn) -> Member | None:
    address, machine = form.cleaned_data["email"], request.META.get("REMOTE_ADDR", "")
    if throttle.blocked(address, machine):
        form.add_error(None, _("Too many wrong passwords. Wait a quarter of an hour, then try again."))
        return None
    known = access.by_email(address)
    member = authenticate(request, username=known.email if known else address, password=form.cleaned_data["password"])
    if member is None:
        throttle.failed(address, machine)
        form.add_error(None, _("This e-mail and password do not belong together."))
        return None
    throttle.forget(address, machine)
    return member


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Let a member go."""
    logout(request)
    return redirect("sign-in")


@public
def by_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let a member in by a one-time link."""
    member = access.of_link(uid)
    if member is None or not one_time.check_token(member, token):
        return render(request, "accounts/spent.html", status=403)
    login(request, member, backend=BACKEND)
    return redirect("home")


@public
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let an invited member choose a password, then in."""
    member = access.of_link(uid)
    if member is None or not one_time.check_token(member, token):
        return render(request, "accounts/spent.html", status=403)
    form = forms.Password(request.POST or None)
    if form.is_valid() and _chosen(form, member):
        login(request, member, backend=BACKEND)
        return redirect("home")
    page = {"form": form, "invited": member}
    return render(request, "accounts/invitation.html", page, status=400 if form.errors else 200)


def _chosen(form: forms.Password, member: Member) -> bool:
    try:
        actions.choose_password(member=member, password=form.cleaned_data["password"])
    except actions.BadPassword as error:
        form.add_error("password", str(error))
        return False
    return True


@needs("self")
@sensitive_post_parameters("password", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Let a member choose a new password."""
    form = forms.Password(request.POST or None)
    if form.is_valid() and _chosen(form, request.user):
        update_session_auth_hash(request, request.user)
        tell(request, _("Your password is changed."))
        return redirect("password")
    page = {"form": form, "section": "password"}
    return render(request, "accounts/password.html", page, status=400 if form.errors else 200)


@needs("manage")
def users(request: HttpRequest) -> HttpResponse:
    """List the members, and invite one."""
    form = forms.NewMember(request.POST or None)
    link = ""
    if form.is_valid():
        link = _invited(request, form)
        form = forms.NewMember() if link else form
    page = {
        "members": queries.members(),
        "roles": ROLES,
        "form": form,
        "link": link,
        "section": "users",
    }
    return render(request, "accounts/users.html", page, status=400 if form.errors else 200)


def _invited(request: HttpRequest, form: forms.NewMember) -> str:
    try:
        member = actions.add_member(**form.cleaned_data, now=timezone.now(), by=request.user)
    except OnevoiceError as error:
        form.add_error("email", str(error))
        return ""
    return actions.invitation(member, house.settings().url)


@needs("manage")
@require_POST
def role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Give a member another role."""
    before = access.member(member_id).role
    changed = actions.change_role(member_id=member_id, role=request.POST.get("role", ""), by=request.user)
    undo = Undo("user-role", {"member_id": member_id}, {"role": before}) if before != changed.role else None
    tell(request, _("%(name)s is now %(role)s.") % {"name": changed, "role": changed.get_role_display()}, undo=undo)
    return redirect("users")


@needs("manage")
@require_POST
def close(request: HttpRequest, member_id: int) -> HttpResponse:
    """Close a member's access."""
    closed = actions.deactivate(member_id=member_id, by=request.user)
    tell(
        request,
        _("%(name)s can no longer sign in.") % {"name": closed},
        undo=Undo("user-open", {"member_id": member_id}),
    )
    return redirect("users")


@needs("manage")
@require_POST
def reopen(request: HttpRequest, member_id: int) -> HttpResponse:
    """Open a member's access again."""
    opened = actions.reactivate(member_id=member_id, by=request.user)
    tell(request, _("%(name)s can sign in again.") % {"name": opened})
    return redirect("users")


@needs("manage")
@require_POST
def link(request: HttpRequest, member_id: int) -> HttpResponse:
    """Show a fresh sign-in link for a member who lost theirs."""
    member = access.member(member_id)
    if member.role == "owner" and not request.user.may("crown"):
        raise actions.OnlyOwners
    page = {
        "members": queries.members(),
        "roles": ROLES,
        "form": forms.NewMember(),
        "link": actions.invitation(member, house.settings().url),
        "section": "users",
    }
    return render(request, "accounts/users.html", page)
