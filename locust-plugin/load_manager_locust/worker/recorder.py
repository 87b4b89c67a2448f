"""Counts every request of this worker in the second in which it completed, and every failure and exception by its text."""
import logging
import time
import traceback

from gevent import monkey

from ..shared import texts, wire
from ..shared.endpoint_delta import EndpointDelta
from ..shared.endpoint_groups import EndpointGroups
from ..shared.wire import OTHER, OTHER_ID
from . import script_values
from .error_texts import ErrorTexts

logger = logging.getLogger("load_manager")

# Scripts may fire events in threads of the system, where gevent's own locks are of no use. Reentrant, because a script's
# ``__del__`` may fire one while this greenlet counts another. Nothing below yields to gevent while it holds the lock.
_NativeLock = monkey.get_original("_thread", "RLock")

# A report is sent this long after a second has ended, so that the second is closed.
REPORT_DELAY_SECONDS = 0.005
# How long counts are kept that no master has asked for.
UNCLAIMED_SECONDS = 60
# How many names of requests are remembered with their endpoint. Names with ids have no end, and are found out again.
MAX_REMEMBERED = 5000


class Taken(object):
    """
    What was counted and is now reported. ``seconds``: {second: {endpoint id: EndpointDelta}}; ``failures``: {second:
    {(endpoint id, text id): count}}; ``exceptions``: {second: {(text id of the message, text id of the traceback): count}};
    ``names``: [(endpoint id, method, name)] and ``texts``: [(text id, text)], those that are new; ``cut_off``: requests that
    the stop timeout has cut off; ``odd_values``: [(kind, method, name, example)].
    """

    def __init__(self, now, seconds, failures, exceptions, names, new_texts, cut_off, odd_values):
        self.now = now
        self.seconds = seconds
        self.failures = failures
        self.exceptions = exceptions
        self.names = names
        self.texts = new_texts
        self.cut_off = cut_off
        self.odd_values = odd_values

    @property
    def is_empty(self):
        return not (
            self.seconds or self.exceptions or self.names or self.texts or self.cut_off or self.odd_values
        )


class Recorder(object):
    """What this worker has counted and not yet reported. ``clock()`` returns Unix seconds."""

    def __init__(self, max_endpoints=1000, clock=time.time):
        self.max_endpoints = max_endpoints
        self.clock = clock
        self.lock = _NativeLock()
        # Names the run; ``None``: no master has named one.
        self.run_key = None
        self.groups = EndpointGroups()
        self._clear()

    def _clear(self):
        # As in Taken.
        self.seconds = {}
        self.failures = {}
        self.exceptions = {}
        self.odd_values = []
        self.cut_off = 0
        # {(method, name): endpoint id}, as they are counted.
        self.endpoint_ids = {}
        # The same as scripts name them: the endpoint may be a group, or have a shorter name.
        self.remembered = {}
        self.error_texts = ErrorTexts()
        # {(endpoint id, text of its error): (endpoint id, text id)}
        self.error_kinds = {}
        # {traceback: (text id of the first message with it, text id)}
        self.exception_kinds = {}
        # What the master has not been told yet: as in Taken, and {text id: text}.
        self.new_names = []
        self.new_texts = {}
        # The kinds of which an example has been kept.
        self.odd_kinds = set()
        # The second in which load ended that was of no run; what was counted until then is not of the next run.
        self.ended_second = None

    def set_run(self, run_key, load_started=True, groups=None):
        """
        Whose run the counts are from now on. Counts of another run are dropped. Those from before the first run key stay if
        the run's load had started: a worker that joins a run may count before the master's message arrives. ``groups``: the
        run's EndpointGroups.
        """
        with self.lock:
            if run_key == self.run_key:
                return
            if self.run_key is not None or not load_started:
                self._clear()
            self.run_key = run_key
            self.groups = groups or EndpointGroups()
            self._regroup()

    def begin_load(self):
        """At ``test_start``, which listeners of the script may have heard first."""
        with self.lock:
            if self.run_key is None and self.ended_second is not None:
                self._drop_until(self.ended_second)
                self.ended_second = None

    def end_load(self):
        with self.lock:
            if self.run_key is None:
                self.ended_second = int(self.clock())

    def drop_unclaimed(self):
        """A master without the plugin never names a run, and its worker must not count for ever."""
        with self.lock:
            if self.run_key is None:
                self._drop_until(int(self.clock()) - UNCLAIMED_SECONDS)

    def _drop_until(self, last):
        for counts in (self.seconds, self.failures, self.exceptions):
            for second in [second for second in counts if second <= last]:
                del counts[second]

    def request(
        self, request_type=None, name=None, response_time=None, response_length=None, exception=None, **_
    ):
        """
        Counts one request, whatever the arguments are: a listener of Locust's ``request``. ``response_time`` in milliseconds,
        ``response_length`` in bytes.
        """
        try:
            method = request_type if type(request_type) is str else _method(request_type)
            if type(name) is not str:
                name = script_values.endpoint_text(name)
            kind = type(response_time)
            # Comparisons with NaN are false.
            if (kind is float or kind is int) and 0 <= response_time <= script_values.MAX_MS:
                us = int(response_time * 1000 + 0.5)
            elif response_time is None:
                us = None
            else:
                us, odd = script_values.microseconds(response_time)
                if odd is not None:
                    self._add_odd("time_" + odd, method, name, response_time)
            if type(response_length) is not int or not 0 <= response_length <= script_values.MAX_LENGTH:
                given, (response_length, odd) = response_length, script_values.length(response_length)
                if odd is not None:
                    self._add_odd("length_" + odd, method, name, given)
            error = None if exception is None else self.error_texts.of(exception)
            second = int(self.clock())
            with self.lock:
                key = self.remembered.get((method, name))
                if key is None:
                    key = self._remember(method, name)
                deltas = self.seconds.get(second)
                if deltas is None:
                    deltas = self.seconds[second] = {}
                delta = deltas.get(key)
                if delta is None:
                    delta = deltas[key] = EndpointDelta()
                delta.add(us, response_length, error is not None)
                if error is not None:
                    error_kind = self.error_kinds.get((key, error))
                    if error_kind is None:
                        error_kind = self._error_kind(key, error)
                    counts = self.failures.get(second)
                    if counts is None:
                        counts = self.failures[second] = {}
                    counts[error_kind] = counts.get(error_kind, 0) + 1
        except Exception:
            logger.exception("a request could not be counted")

    def _remember(self, method, name):
        key = self._endpoint(method, name)
        if len(method) + len(name) <= texts.MAX_NAME:
            if len(self.remembered) >= MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[(method, name)] = key
        return key

    def _endpoint(self, method, name):
        """The id under which requests of this name are counted: of its group, of itself, or of all that are too many."""
        name = self.groups.name_of(method, name)
        method, name = texts.short_name(method), texts.short_name(name)
        key = self.endpoint_ids.get((method, name))
        if key is not None:
            return key
        if len(self.endpoint_ids) - (OTHER in self.endpoint_ids) >= self.max_endpoints:
            method, name = OTHER
            if OTHER in self.endpoint_ids:
                return OTHER_ID
        key = self.endpoint_ids[(method, name)] = wire.endpoint_id(method, name)
        self.new_names.append((key, method, name))
        return key

    def _regroup(self):
        """What was counted before the master has named the run was counted without its groups."""
        self.remembered.clear()
        if not self.groups.rules or not self.endpoint_ids:
            return
        known, self.endpoint_ids, self.new_names, self.error_kinds = self.endpoint_ids, {}, [], {}
        keys = {key: self._endpoint(method, name) for (method, name), key in known.items()}
        for second, deltas in self.seconds.items():
            grouped = self.seconds[second] = {}
            for key, delta in deltas.items():
                grouped.setdefault(keys[key], EndpointDelta()).merge(delta)
        for second, counts in self.failures.items():
            grouped = self.failures[second] = {}
            for (key, text), count in counts.items():
                kind = keys[key], text
                grouped[kind] = grouped.get(kind, 0) + count

    def _error_kind(self, key, error):
        if len(self.error_kinds) >= texts.MAX_KINDS:
            return key, texts.OTHER_TEXT_ID
        kind = self.error_kinds[(key, error)] = key, self._announced(error)
        return kind

    def _announced(self, text):
        text_id = texts.text_id(text)
        self.new_texts[text_id] = text
        return text_id

    def exception(self, exception=None, tb=None, **_):
        """Counts an exception that a user or a task has raised: a listener of Locust's ``user_error``."""
        try:
            message = script_values.exception_text(exception)
            lines = traceback.format_tb(tb or getattr(exception, "__traceback__", None))
            where = texts.short_text("".join(lines), texts.MAX_TRACEBACK)
            second = int(self.clock())
            with self.lock:
                # As in Locust, exceptions of one place are of one kind, whatever their messages contain.
                kind = self.exception_kinds.get(where)
                if kind is None and len(self.exception_kinds) >= texts.MAX_KINDS:
                    kind = texts.OTHER_TEXT_ID, texts.OTHER_TEXT_ID
                elif kind is None:
                    kind = self.exception_kinds[where] = self._announced(message), self._announced(where)
                counts = self.exceptions.setdefault(second, {})
                counts[kind] = counts.get(kind, 0) + 1
        except Exception:
            logger.exception("an exception of the script could not be counted")

    def add_cut_off(self):
        with self.lock:
            self.cut_off += 1

    def _add_odd(self, kind, method, name, value):
        if kind in self.odd_kinds:
            return
        example = script_values.example_of(value)
        with self.lock:
            if kind not in self.odd_kinds:
                self.odd_kinds.add(kind)
                self.odd_values.append((kind, texts.short_name(method), texts.short_name(name), example))

    def seconds_to_next_report(self):
        return 1 - self.clock() % 1 + REPORT_DELAY_SECONDS

    def take(self, final=False):
        """The closed seconds, and the open one too where the report is final, as Taken; they are forgotten here."""
        now = self.clock()
        open_second = int(now)
        with self.lock:
            seconds, failures, exceptions = [
                {second: counts.pop(second) for second in sorted(counts) if final or second < open_second}
                for counts in (self.seconds, self.failures, self.exceptions)
            ]
            taken = Taken(
                now, seconds, failures, exceptions, self.new_names, list(self.new_texts.items()),
                self.cut_off if final else 0, self.odd_values,
            )
            self.cut_off -= taken.cut_off
            self.new_names, self.new_texts, self.odd_values = [], {}, []
        return taken


def _method(value):
    return "" if value is None else script_values.endpoint_text(value)
