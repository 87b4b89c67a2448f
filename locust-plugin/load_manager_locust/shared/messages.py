"""The messages between the plugin in the master and the plugin in the workers; PROTOCOL.md has their fields."""

# From the master: which run is on.
RUN = "load_manager_run"
# Changes with the meaning of any field of that message; a worker that does not know the number must not read the rest.
RUN_VERSION = 2
# From the master, every second: it is alive.
ALIVE = "load_manager_alive"

# From a worker: the field of Locust's own report that holds the plugin's report.
REPORT_FIELD = "lm"
# Changes with the meaning of any field of that report; a master that does not know the number must not read the rest.
REPORT_VERSION = 2


def run_message(run_id, run_key, seconds_left):
    """The payload of ``RUN``. ``seconds_left``: until the run's deadline; ``None``: it has none yet."""
    payload = {"v": RUN_VERSION, "runId": run_id, "runKey": run_key}
    if seconds_left is not None:
        payload["secondsLeft"] = seconds_left
    return payload


def run_of(payload):
    """(run id, run key, seconds left) of the payload of ``RUN``, each maybe ``None``; ``None``: it has another version."""
    if not isinstance(payload, dict) or payload.get("v") != RUN_VERSION:
        return None
    return payload.get("runId"), payload.get("runKey"), payload.get("secondsLeft")


def report_of(data):
    """
    The plugin's report in a Locust report. ``None``: the worker has no plugin, or one whose reports are of another version;
    Locust's own stats are then all that can be read.
    """
    report = data.get(REPORT_FIELD)
    return report if isinstance(report, dict) and report.get("v") == REPORT_VERSION else None


def foreign_version_of(data):
    """The version of a plugin's report that ``report_of`` refuses, as text; ``None`` where there is no such report."""
    report = data.get(REPORT_FIELD)
    if report is None or report_of(data) is not None:
        return None
    return str(report.get("v")) if isinstance(report, dict) else "unknown"
