"""Gateway and console on one port: machines' addresses first, everything else is a page."""

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from starlette.applications import Starlette
from starlette.routing import Mount

from onevoice import console
from onevoice.gateway.app import build
from onevoice.wiring import logs
from onevoice.wiring import settings as settings_of
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import secret_of

#: Threads that render pages; SQLite readers do not wait for one another.
THREADS = 8


def make() -> Starlette:
    """Build the application from the environment: the factory that granian is given."""
    settings = settings_of.read()
    logs.configure(settings)
    console.setup(Stores.open(settings), settings, secret_of(settings))
    return build(settings, [Mount("/", WSGIMiddleware(get_wsgi_application(), workers=THREADS))])
