"""The fences around every answer, the doorkeeper before every view, and an apology after every expected error."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from onevoice.console.shell.doors import need_of
from onevoice.domain.errors import BadInput, NotAllowed, NotFound, OnevoiceError, Unavailable

Answer = Callable[[HttpRequest], HttpResponse]

#: No inline script or style anywhere; pictures may be data URLs because Tabler draws its form controls so.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # Pages show personal data: neither a shared cache nor the disk keeps them.
    "Cache-Control": "private, no-store",
}

#: Which status an expected error gets, the first match wins.
STATUS = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.CONFLICT),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Fences:
    """Adds the security headers that a view has not set itself."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, fenced."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class Doorkeeper:
    """Asks each view what it needs, and refuses when it does not say."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_given: Any) -> HttpResponse | None:
        """Let the request in, send it to the sign-in page, or refuse it."""
        need = need_of(view)
        if need == "":
            return None
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if need is None or not request.user.may(need):
            raise PermissionDenied
        return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.htmx:
        response = HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        response.headers["HX-Redirect"] = reverse("sign-in")
        return response
    back = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" and request.path != "/" else ""
    return redirect(f"{reverse('sign-in')}{back}")


class Apologies:
    """Turns an expected error into a plain page that says what to do."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render an expected error; anything else is a fault and stays one."""
        if not isinstance(error, OnevoiceError):
            return None
        status = next((code for kind, code in STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        page = {"sentence": str(error), "code": error.code, "status": int(status)}
        return render(request, "apology.html", page, status=status)
