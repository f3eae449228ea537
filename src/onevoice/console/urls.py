"""Every address of the console."""

from django.urls import include, path

from onevoice.console.people.palette import palette
from onevoice.console.shell import assets

urlpatterns = [
    path("static/<str:stamp>/<path:name>", assets.serve, name="static"),
    path("search", palette, name="palette"),
    path("", include("onevoice.console.accounts.urls")),
    path("", include("onevoice.console.workspace.urls")),
    path("", include("onevoice.console.reports.urls")),
    path("", include("onevoice.console.tour.urls")),
    path("", include("onevoice.console.people.urls")),
    path("", include("onevoice.console.studio.urls")),
    path("", include("onevoice.console.operations.urls")),
]
