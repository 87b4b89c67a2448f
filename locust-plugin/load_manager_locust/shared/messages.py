"""The messages between the plugin in the master and the plugin in the workers; PROTOCOL.md has their fields."""
from .endpoint_groups import EndpointGroups

# Changes with the meaning of any field of any of these messages: who does not know the number must not read the rest.
VERSION = 3
# From the master: which run is on.
RUN = "load_manager_run"
# From the master, every second: it is alive.
ALIVE = "load_manager_alive"
# From a worker that has been told a run: what it has counted.
METRICS = "load_manager_metrics"
MAX_MESSAGE_BYTES = 1024 * 1024
# In Locust's own report of a worker with the plugin: nobody counts it.
MARK_FIELD = "lm"
# There too: the worker can be given settings of the script. Older plugins do not say so.
SETTINGS_FIELD = "lmSettings"


def run_message(run_id, run_key, seconds_left, load_started, groups=None):
    """
    The payload of ``RUN``. ``seconds_left``: until the run's deadline; ``None``: it has none yet. ``load_started``: the run's
    load has begun, so that what a worker has counted for no run belongs to it. ``groups``: EndpointGroups.
    """
    payload = {"v": VERSION, "runId": run_id, "runKey": run_key, "loadStarted": load_started}
    if seconds_left is not None:
        payload["secondsLeft"] = seconds_left
    if groups is not None and groups.rules:
        payload["endpointGroups"] = groups.rules
    return payload


class NamedRun(object):
    """What a payload of ``RUN`` says: ``id``, ``key`` and ``seconds_left``, each maybe ``None``, ``load_started`` and ``groups``."""

    def __init__(self, payload=None):
        payload = payload or {}
        self.id = payload.get("runId")
        self.key = payload.get("runKey")
        self.seconds_left = payload.get("secondsLeft")
        self.load_started = bool(payload.get("loadStarted"))
        self.groups = EndpointGroups(payload.get("endpointGroups") or ())


def run_of(payload):
    """``None``: the payload of ``RUN`` has another version."""
    return NamedRun(payload) if isinstance(payload, dict) and payload.get("v") == VERSION else None


def mark(run_key):
    """The mark of a worker that counts for this run; ``None``: it has been told none."""
    return {"v": VERSION, "runKey": run_key}


def mark_of(data):
    """The mark in a report of Locust; ``None``: the worker has no plugin, or one whose messages have another version."""
    found = data.get(MARK_FIELD)
    return found if isinstance(found, dict) and found.get("v") == VERSION else None


def foreign_version_of(data):
    """The version of a mark that ``mark_of`` refuses, as text; ``None`` where there is no such mark."""
    found = data.get(MARK_FIELD)
    if found is None or mark_of(data) is not None:
        return None
    return str(found.get("v")) if isinstance(found, dict) else "unknown"


class Metrics(object):
    """
    The payload of ``METRICS``, read as a whole: raises KeyError, TypeError or ValueError where something in it is wrong, so
    that a message is either counted or not. What is absent is empty, or ``None`` for ``users``, ``cpu`` and ``memory``.
    """

    def __init__(self, payload):
        self.run_key = payload["runKey"]
        self.number = int(payload["number"])
        self.sent_at = float(payload["sentAt"])
        self.final = bool(payload.get("final"))
        self.quitting = bool(payload.get("quitting"))
        lists = {name: payload.get(name) or [] for name in ("counts", "parts", "names", "errors", "exceptions", "texts")}
        self.counts = [(int(second), int(requests), int(failures)) for second, requests, failures in lists["counts"]]
        self.parts = [(int(second), bytes(part)) for second, part in lists["parts"]]
        self.names = [(bytes(key), str(method), str(name)) for key, method, name in lists["names"]]
        # [(second, endpoint id, text id, count)]
        self.errors = [(int(second), bytes(key), bytes(text), int(count)) for second, key, text, count in lists["errors"]]
        # [(second, text id of the message, text id of the traceback, count)]
        self.exceptions = [
            (int(second), bytes(message), bytes(traceback), int(count))
            for second, message, traceback, count in lists["exceptions"]
        ]
        self.texts = [(bytes(key), str(text)) for key, text in lists["texts"]]
        # {class: users}
        self.users = payload.get("users")
        if self.users is not None:
            self.users = {str(name): int(count) for name, count in self.users.items()}
        self.cpu = payload.get("cpu")
        self.memory = payload.get("memory")
        self.cut_off = int(payload.get("cutOff") or 0)
        self.users_died = int(payload.get("usersDied") or 0)
        self.users_left = int(payload.get("usersLeft") or 0)
        self.stopped_by_script = bool(payload.get("stoppedByScript"))
        # {message, onStart, spawning, endsProcess}
        self.script_error = payload.get("scriptError")
        self.clock_jump = float(payload.get("clockJump") or 0)
        # [(kind, method, name, example)]
        self.odd_values = [tuple(str(text) for text in odd) for odd in payload.get("oddValues") or []]
        # [(event, message, traceback)]
        self.listener_errors = [tuple(str(text) for text in error) for error in payload.get("listenerErrors") or []]
        self.locust_report_error = payload.get("locustReportError")


def version_of(payload):
    """The version of a payload of ``METRICS``; ``None`` where it is not one."""
    return payload.get("v") if isinstance(payload, dict) else None
