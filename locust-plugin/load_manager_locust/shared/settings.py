"""What the plugin is told by its environment."""
import os

MIB = 1024 * 1024


class Settings(object):
    """``urls``: addresses of the server, tried in order. ``scope``: where runs that are started here belong."""

    def __init__(self, environ):
        self.urls = [url.strip().rstrip("/") for url in environ.get("LOAD_MANAGER_URL", "").split(",") if url.strip()]
        self.token = environ.get("LOAD_MANAGER_TOKEN", "")
        self.run_dir = environ.get("LOAD_MANAGER_RUN_DIR") or None
        self.role = environ.get("LOAD_MANAGER_ROLE") or None
        names = {"accountId": "ACCOUNT_ID", "orgId": "ORG_ID", "projectId": "PROJECT_ID", "envId": "ENV_ID"}
        given = {field: environ.get("LOAD_MANAGER_" + name) for field, name in names.items()}
        self.scope = {field: value for field, value in given.items() if value}
        self.spool_bytes = max(MIB, _number(environ, "LOAD_MANAGER_SPOOL_BYTES", 64 * MIB))
        self.max_endpoints = max(1, _number(environ, "LOAD_MANAGER_MAX_ENDPOINTS", 1000))

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
