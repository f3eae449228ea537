"""The console as a WSGI application; call `console.setup` before importing this module."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
