"""The messages between the plugin in the master and the plugin in the workers; PROTOCOL.md has their fields."""

# From the master: which run is on.
RUN = "load_manager_run"
# From the master, every second: it is alive.
ALIVE = "load_manager_alive"

# From a worker: the field of Locust's own report that holds the plugin's report.
REPORT_FIELD = "lm"
# Changes with the meaning of any field of that report; a master that does not know the number must not read the rest.
REPORT_VERSION = 2


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
