"""The product's settings, in a scratch home: a test never touches the user's own database or keys."""

import os
import tempfile

if "ABONENT_TEST_HOME" not in os.environ:  # the first process makes it, its xdist workers inherit it
    os.environ["ABONENT_TEST_HOME"] = tempfile.mkdtemp(prefix="abonent-test-")
    os.chmod(os.environ["ABONENT_TEST_HOME"], 0o711)  # as root, the database server runs as another user
os.environ["ABONENT_HOME"] = os.environ["ABONENT_TEST_HOME"]

from abonent.project.settings import *  # noqa: F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # signing in a hundred times must be quick
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 - a worker's threads must not hold on to a test database
