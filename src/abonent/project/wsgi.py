"""The web application, for any WSGI server."""

import os

# A request rates one account: threads for frames of a few rows cost twice what they give.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "abonent.project.settings")

application = get_wsgi_application()
