"""Events of a run about things that a script or an installation has odd; each is recorded once."""
import logging

from ..shared import messages

logger = logging.getLogger("load_manager")

# What `odd_value` says of each kind: the value, and how it is counted.
ODD_VALUES = {
    "time_text": "a text as response time",
    "time_type": "a response time that is no number",
    "time_nan": "a response time that is NaN",
    "time_infinite": "an infinite response time",
    "time_negative": "a negative response time",
    "time_too_large": "a response time of more than a day",
    "length_text": "a text as response length",
    "length_type": "a response length that is no number",
    "length_nan": "a response length that is NaN",
    "length_infinite": "an infinite response length",
    "length_negative": "a negative response length",
    "length_too_large": "a response length of more than 16 TiB",
}


class RunWarnings(object):
    """``event(kind, message, data)`` records an event of the run."""

    def __init__(self, event):
        self.event = event
        self.odd_kinds = set()
        self.foreign_workers = set()
        # {(event, traceback)}
        self.failed_listeners = set()
        self.is_report_failure_told = False

    def endpoints_capped(self, limit):
        message = (
            "The run has more than %d endpoints; further ones are counted together as (other). "
            "Group endpoints whose names contain ids (endpointGroups), or give their requests a common name: "
            "self.client.get(url, name=...)." % limit
        )
        self.event("endpoints_capped", message, {"most": limit})

    def odd_value(self, worker_id, kind, method, name, example):
        if kind in self.odd_kinds:
            return
        self.odd_kinds.add(kind)
        counted = "with a length of 0" if kind.startswith("length_") else "without a time"
        message = "The script gives %s: %s at %s. Such requests are counted %s." % (
            ODD_VALUES.get(kind, kind), example, ("%s %s" % (method, name)).strip()[:200], counted
        )
        data = {"worker": worker_id, "kind": kind, "method": method, "name": name, "example": example}
        self.event("odd_value", message, data)

    def listener_failed(self, process, hook, error, traceback):
        """A listener of the script has raised in a worker, or in ``master``."""
        if (hook, traceback) in self.failed_listeners:
            return
        self.failed_listeners.add((hook, traceback))
        message = "A listener of the script for %s raises: %s." % (hook, error)
        self.event("listener_failed", message, {"worker": process, "event": hook, "traceback": traceback})

    def messages_missing(self, worker_id, first, last):
        message = "%d messages of worker %s have not arrived; what they counted is missing." % (last - first + 1, worker_id)
        self.event("messages_missing", message, {"worker": worker_id, "from": first, "to": last})

    def locust_report_failed(self, worker_id, reason):
        if self.is_report_failure_told:
            return
        self.is_report_failure_told = True
        message = "Locust's own page is behind: worker %s could not send a report of Locust's (%s)." % (worker_id, reason)
        self.event("locust_report_failed", message, {"worker": worker_id, "error": reason})

    def plugin_version_differs(self, worker_id, version):
        if worker_id in self.foreign_workers:
            return
        self.foreign_workers.add(worker_id)
        logger.warning(
            "The plugin of worker %s sends messages of version %s, and this master reads version %d: Locust's own report is "
            "used instead. Install the same version of the plugin on the master and on all workers.",
            worker_id, version, messages.VERSION,
        )
        message = (
            "The plugin of worker %s has version %s of its messages, and the master's has version %d: Locust's own reports of "
            "that worker are used, whose response times are rounded." % (worker_id, version, messages.VERSION)
        )
        self.event("plugin_version_differs", message, {
            "worker": worker_id, "workerVersion": version, "masterVersion": messages.VERSION,
        })
