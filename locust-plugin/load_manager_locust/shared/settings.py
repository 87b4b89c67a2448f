"""The plugin's settings, read from environment variables. Imports nothing of Locust."""
import json
import os

from . import texts

MIB = 1024 * 1024


class Settings(object):
    """
    ``urls``: addresses of the server, tried in order. ``token``: the callback token, may be empty. ``run_dir``, ``role``:
    set for processes that the server starts, else ``None``. ``scope``: {accountId, orgId, projectId, envId} of runs that
    are started at Locust itself, without what is not set; ``hidden``: values of the run's variables, and of its hidden
    options; ``script_options``: {name: value} of the script's own options, ``hidden_options`` the names of those that are shown nowhere; ``missing``: names of variables without which none is registered. A number that cannot be read counts as not set.
    """

    def __init__(self, environ):
        self.urls = [url.strip().rstrip("/") for url in environ.get("LOAD_MANAGER_URL", "").split(",") if url.strip()]
        self.token = environ.get("LOAD_MANAGER_TOKEN", "")
        self.run_dir = environ.get("LOAD_MANAGER_RUN_DIR") or None
        self.role = environ.get("LOAD_MANAGER_ROLE") or None
        names = {"accountId": "ACCOUNT_ID", "orgId": "ORG_ID", "projectId": "PROJECT_ID", "envId": "ENV_ID"}
        values = {field: environ.get("LOAD_MANAGER_" + name) for field, name in names.items()}
        self.scope = {field: value for field, value in values.items() if value}
        self.spool_bytes = max(MIB, _number(environ, "LOAD_MANAGER_SPOOL_BYTES", 64 * MIB))
        self.max_endpoints = max(1, _number(environ, "LOAD_MANAGER_MAX_ENDPOINTS", 1000))

        hidden = environ.get("LOAD_MANAGER_HIDDEN_VARIABLES", "").split(",")
        self.hidden = [environ[name] for name in hidden if name in environ]
        options = json.loads(environ.get("LOAD_MANAGER_SCRIPT_OPTIONS") or "{}")
        self.script_options = options.get("values", {})
        self.hidden_options = options.get("hidden", [])
        for name in self.hidden_options:
            self.hidden += texts.texts_in(self.script_options[name])

        needed = [("LOAD_MANAGER_URL", self.urls)]
        needed += [("LOAD_MANAGER_" + names[field], self.scope.get(field)) for field in ("accountId", "orgId", "projectId")]
        self.missing = [name for name, value in needed if not value]

    @property
    def has_scope(self):
        return all(field in self.scope for field in ("accountId", "orgId", "projectId"))


def _number(environ, name, default):
    try:
        return int(environ.get(name, default))
    except ValueError:
        return default


def from_environment():
    return Settings(os.environ)
