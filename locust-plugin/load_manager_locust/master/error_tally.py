"""Counts failed requests by error, and exceptions of the script; the number of kinds is limited."""
from ..shared import texts, tracebacks, wire
from .text_registry import TextRegistry

MAX_SCRIPT_ERROR_EVENTS = 10
# The text of failures that Locust counts without a text, as it does where the exception's own text raises.
UNLISTED = "(Locust's list of failures has no text for it)"


class ErrorTally(object):
    """``user_error``: {message, onStart, spawning, endsProcess}, of the newest exception that kept a user from running; ``None``: none yet."""

    def __init__(self, event, endpoints):
        self.event = event
        self.endpoints = endpoints
        self.texts = TextRegistry()
        self.user_error = None
        # {text id of a traceback: how many exceptions}
        self.exception_counts = {}
        # {second: {(endpoint id, text id): count}} and {second: {(worker id, message, traceback): count}} that no sample has.
        self.failures = {}
        self.exceptions = {}
        # {(endpoint id, text id)}
        self.error_kinds = set()
        # {text id of a traceback: that of the first message with it}: exceptions of one place are of one kind, as in Locust.
        self.exception_kinds = {}
        self.are_errors_capped = False
        self.are_exceptions_capped = False

    def seconds(self):
        return set(self.failures) | set(self.exceptions)

    def add_failures(self, second, key, text_id, count):
        """``key``: of the endpoint, as the worker counts it."""
        key = self.endpoints.counted_as(key)
        kind = key, text_id
        if kind not in self.error_kinds:
            if text_id == texts.OTHER_TEXT_ID or len(self.error_kinds) >= texts.MAX_KINDS:
                self._cap_errors()
                kind = key, texts.OTHER_TEXT_ID
            else:
                self.error_kinds.add(kind)
        self.texts.use(kind[1])
        counts = self.failures.setdefault(second, {})
        counts[kind] = counts.get(kind, 0) + count

    def add_exceptions(self, second, worker_id, message, traceback, count):
        """``message``, ``traceback``: text ids."""
        known = self.exception_kinds.get(traceback)
        if known is None:
            if traceback == texts.OTHER_TEXT_ID or len(self.exception_kinds) >= texts.MAX_KINDS:
                self._cap_exceptions()
                known = traceback = texts.OTHER_TEXT_ID
            else:
                known = self.exception_kinds[traceback] = message
                self._tell_script_error(worker_id, message, traceback)
        self.texts.use(known)
        self.texts.use(traceback)
        self.exception_counts[traceback] = self.exception_counts.get(traceback, 0) + count
        kind = worker_id, known, traceback
        counts = self.exceptions.setdefault(second, {})
        counts[kind] = counts.get(kind, 0) + count

    def script_error(self):
        """As in the status: what explains best why no request completes; ``None``: no exception yet."""
        if self.user_error is not None or not self.exception_counts:
            return self.user_error
        traceback = max(self.exception_counts, key=self.exception_counts.get)
        text = self.texts.known.get(self.exception_kinds.get(traceback)) or texts.OTHER_TEXT
        where = self.texts.known.get(traceback) or ""
        kinds = len(self.exception_counts)
        more = ", the most frequent of %d kinds of exceptions" % kinds if kinds > 1 else ""
        message = text[: texts.MAX_REASON] + tracebacks.place_of(where) + more
        return {"message": message, "onStart": ", in on_start" in where, "spawning": False, "endsProcess": False}

    def take_sections(self, second):
        """Encoded sections of a sample of that second."""
        sections = []
        failures = self.failures.pop(second, None)
        if failures:
            sections.append(wire.failures_section([kind + (count,) for kind, count in failures.items()]))
        exceptions = self.exceptions.pop(second, None)
        if exceptions:
            sections.append(wire.exceptions_section([kind + (count,) for kind, count in exceptions.items()]))
        sections.append(self.texts.section())
        return sections

    def _cap_errors(self):
        if self.are_errors_capped:
            return
        self.are_errors_capped = True
        message = (
            "Requests failed with more than %d kinds of errors; further ones are counted together as (other). "
            "Leave ids and times out of the texts of errors." % texts.MAX_KINDS
        )
        self.event("errors_capped", message, {"most": texts.MAX_KINDS})

    def _cap_exceptions(self):
        if self.are_exceptions_capped:
            return
        self.are_exceptions_capped = True
        message = (
            "The script raised exceptions in more than %d places; further ones are counted together as (other)."
            % texts.MAX_KINDS
        )
        self.event("exceptions_capped", message, {"most": texts.MAX_KINDS})

    def _tell_script_error(self, worker_id, message, traceback):
        if len(self.exception_kinds) > MAX_SCRIPT_ERROR_EVENTS:
            return
        text = self.texts.known.get(message) or "(without a message)"
        where = self.texts.known.get(traceback) or ""
        data = {"message": text, "traceback": where[: texts.MAX_ERROR], "workers": worker_id}
        self.event("script_error", "The script raised an exception: %s" % text.split("\n")[0][:300], data)
