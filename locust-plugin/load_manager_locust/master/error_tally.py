"""Counts failed requests by error, and exceptions of the script, from Locust's reports; the number of kinds is limited."""
from ..shared import wire

MAX_KINDS = 200
MAX_SCRIPT_ERROR_EVENTS = 10
MAX_TEXT = 2000
MAX_TRACEBACK = 8000
# Stored as an error like any other; the server knows the text.
FURTHER_KINDS = "(more kinds of errors)"


class ErrorTally(object):
    """``script_error``: {message, onStart}, of a user that crashed or of the first exception of a task; ``None``: none yet."""

    def __init__(self, runner, clock, event, endpoints):
        self.runner = runner
        self.clock = clock
        self.event = event
        self.endpoints = endpoints
        self.script_error = None
        # {(endpoint id, error): occurrences} since the last sample.
        self.errors = {}
        self.errors_at_ms = 0
        self.known_errors = set()
        # {Locust's key of an exception: how many of them are in samples}
        self.exception_counts = {}

    def add(self, errors):
        """``errors``: those of a Locust report."""
        for entry in errors.values():
            key = self.endpoints.id_of_error(entry["method"] or "", entry["name"])
            error = str(entry["error"])[:MAX_TEXT]
            if (key, error) not in self.known_errors:
                if len(self.known_errors) >= MAX_KINDS:
                    error = FURTHER_KINDS
                else:
                    self.known_errors.add((key, error))
            self.errors[(key, error)] = self.errors.get((key, error), 0) + entry["occurrences"]
        self.errors_at_ms = int(self.clock() * 1000)

    def take_sections(self):
        """Encoded sections of a sample with what came since the last call; records an event for each new exception."""
        sections = []
        if self.errors:
            at_ms = self.errors_at_ms
            errors = [(key, error, count, at_ms, at_ms) for (key, error), count in self.errors.items()]
            sections.append(wire.errors_section(errors))
            self.errors = {}
        exceptions = self._new_exceptions()
        if exceptions:
            sections.append(wire.exceptions_section(exceptions))
        return sections

    def _new_exceptions(self):
        """The master's runner merges the workers' exceptions and counts from its start, so differences are taken here."""
        changed = []
        for key, known in list(getattr(self.runner, "exceptions", {}).items())[:MAX_KINDS]:
            more = known["count"] - self.exception_counts.get(key, 0)
            if more > 0:
                nodes = ", ".join(sorted(known["nodes"]))[:200]
                text, traceback = str(known["msg"]), str(known["traceback"])
                if key not in self.exception_counts and len(self.exception_counts) < MAX_SCRIPT_ERROR_EVENTS:
                    self._record_script_error(nodes, text, traceback)
                self.exception_counts[key] = known["count"]
                changed.append((nodes, text[:MAX_TEXT], traceback[:MAX_TRACEBACK], more))
        return changed

    def _record_script_error(self, nodes, text, traceback):
        text = (text or "(without a message)")[:MAX_TEXT]
        self.script_error = self.script_error or {"message": text, "onStart": ", in on_start" in traceback}
        data = {"message": text, "traceback": traceback[:MAX_TEXT], "workers": nodes}
        self.event("script_error", "The script raised an exception: %s" % text.split("\n")[0][:300], data)
