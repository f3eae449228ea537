"""Audiences, and campaigns in every medium."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from onevoice.console.shell.doors import needs
from onevoice.console.studio import access, queries
from onevoice.domain.errors import OnevoiceError

#: An e-mail brings its own inline styles; it runs in a sandbox, without scripts and without our cookies. Pictures from
#: elsewhere stay away, or looking at a message here would count as its opening.
LETTER_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'self'",
        "sandbox allow-popups",
    )
)


@needs("see")
def audiences(request: HttpRequest) -> HttpResponse:
    """List the audiences."""
    return render(request, "studio/audiences.html", {"audiences": queries.audiences()})


@needs("see")
def audience(request: HttpRequest, name: str) -> HttpResponse:
    """Show one audience."""
    return render(request, "studio/audience.html", queries.audience_page(name))


@needs("see")
def audience_sql(request: HttpRequest, name: str) -> HttpResponse:
    """Show the SQL of an audience."""
    return render(request, "studio/sql.html", {"sql": queries.sql_of(name)})


@needs("see")
def campaigns(request: HttpRequest) -> HttpResponse:
    """List the campaigns."""
    return render(request, "studio/campaigns.html", {"campaigns": queries.campaigns()})


@needs("see")
def campaign(request: HttpRequest, name: str) -> HttpResponse:
    """Show one campaign; of one that only the log knows, what it did."""
    if queries.is_written(name):
        return render(request, "studio/campaign.html", queries.campaign_page(name))
    return render(request, "studio/flown.html", {"name": name})


@needs("see")
def flown(request: HttpRequest) -> HttpResponse:
    """List the campaigns that only the log knows."""
    return render(request, "studio/flights.html", {"flights": queries.flown()})


@needs("see")
def preview(request: HttpRequest, name: str) -> HttpResponse:
    """Show a campaign in every medium, with its proof; or say what stands in the way."""
    page: dict[str, object] = {"name": name}
    try:
        found = queries.previews(name)
        page |= {"previews": found, "matrix": queries.matrix(found)}
    except OnevoiceError as error:
        page["fault"] = str(error)
    return render(request, "studio/preview.html", page)


@needs("see")
def results(request: HttpRequest, name: str) -> HttpResponse:
    """Show what a campaign did."""
    return render(request, "studio/results.html", {"result": queries.result(name)})


def _letter(html: str) -> HttpResponse:
    response = HttpResponse(html or "<p>–</p>", content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


@needs("see")
@xframe_options_sameorigin
def email(request: HttpRequest, name: str) -> HttpResponse:
    """Return the e-mail of a campaign, to be shown in a frame."""
    found = queries.preview(name, "email")
    if found is None:
        raise Http404
    return _letter(found.sheet.letter.html)


@needs("see")
def postcard(request: HttpRequest, name: str, side: int) -> HttpResponse:
    """Return one side of a campaign's postcard as a picture."""
    found = queries.preview(name, "print")
    if found is None or side >= len(found.pictures):
        raise Http404
    return HttpResponse(found.pictures[side], content_type="image/png")


@needs("see")
def message(request: HttpRequest, name: str, piece: str) -> HttpResponse:
    """Show a message as it was received."""
    page = {"name": name, "piece": piece, "mail": access.message(name, piece), "delivery": access.delivery(name, piece)}
    return render(request, "studio/message.html", page)


@needs("see")
@xframe_options_sameorigin
def message_html(request: HttpRequest, name: str, piece: str) -> HttpResponse:
    """Return the HTML of a received message, to be shown in a frame."""
    return _letter(access.message(name, piece).html)
