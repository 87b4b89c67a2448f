"""Gathers what the workers send into samples, one a second; the workers' encoded parts are passed on without decoding."""
from ..shared import compat, texts, wire
from ..shared.clock import Clock
from ..shared.endpoint_groups import EndpointGroups
from . import locust_reports
from .clock_offsets import ClockOffsets
from .endpoint_registry import EndpointRegistry
from .error_tally import ErrorTally
from .group_proposal import GroupProposal
from .message_numbers import MessageNumbers
from .process_readings import MASTER, ProcessReadings
from .run_warnings import RunWarnings

# How long a second is kept open for a worker that has not reported past it.
MAX_OPEN_SECONDS = 4
# How long the users of a second are kept for late reports of it.
KEPT_USERS_SECONDS = 60


class Snapshot(object):
    """The users of one second, as Locust knew them: ``classes``: {class: target}; ``workers``: {id: (state, {class: users})}."""

    def __init__(self, target_users, runner):
        self.target_users = target_users
        self.classes = compat.target_users_by_class(runner)
        self.workers = {node.id: (node.state, node.user_classes_count) for node in compat.workers_of(runner)}


class Collector(object):
    """
    The samples of one run. ``emit(kind, body)`` numbers and keeps a record; ``event(kind, message, data)`` records an event;
    ``count(second, requests, failures)`` is called with what each report adds. ``requests``, ``failures``, ``cut_off``,
    ``users_died``, ``users_left``: totals of the run. ``final_workers``: ids of workers that have sent their last report;
    ``quit_workers``: of those whose process has sent the last message before its end.
    """

    def __init__(self, runner, emit, event, count, max_endpoints=1000, clock=None):
        self.runner = runner
        self.emit = emit
        self.count = count
        self.clock = clock or Clock()
        self.warnings = RunWarnings(event)
        self.clock_offsets = ClockOffsets(self.clock, event)
        self.endpoints = EndpointRegistry(max_endpoints, self.warnings.endpoints_capped)
        self.endpoint_groups = EndpointGroups()
        self.proposal = GroupProposal(self.endpoints.known, event)
        self.error_tally = ErrorTally(event, self.endpoints)
        self.processes = ProcessReadings()
        self.target_users = 0
        self.requests = 0
        self.failures = 0
        self.cut_off = 0
        self.users_died = 0
        self.users_left = 0
        self.final_workers = set()
        self.quit_workers = set()
        # The first second that is still open; ``None`` before load begins.
        self.next_second = None
        # {second: [(worker id, encoded part)]}
        self.parts = {}
        # {worker id: MessageNumbers}
        self.numbers = {}
        # {worker id: the first second of which it may still report}
        self.reported_until = {}
        # {second: Snapshot}, and what the workers said of that second: {second: {worker id: {class: users}}}
        self.snapshots = {}
        self.worker_users = {}

    def begin(self):
        self.next_second = int(self.clock())
        self.processes.measure_master(self.next_second)

    def tick(self):
        """Notes the users of this second, and closes the seconds that every live worker has reported past."""
        if self.next_second is None:
            return
        self.clock_offsets.check_jump(MASTER, self.clock.jumped())
        now = self.clock()
        self.proposal.look(int(now))
        self.processes.measure_master(int(now))
        self.snapshots[int(now)] = Snapshot(self.target_users, self.runner)
        live = compat.live_worker_ids(self.runner)
        while self.next_second < int(now):
            second = self.next_second
            is_complete = live and all(self._is_past(worker, second) for worker in live)
            if not is_complete and now < second + MAX_OPEN_SECONDS:
                return
            self._emit_sample(second)
            self.next_second += 1

    def _is_past(self, worker, second):
        return worker in self.final_workers or self.reported_until.get(worker, 0) > second

    def finish(self):
        """No more reports will come: emits every second up to now that has requests or users."""
        if self.next_second is None:
            return
        reported = self._reported_seconds()
        for second in range(self.next_second, int(self.clock()) + 1):
            if second in reported or second in self.snapshots:
                self._emit_sample(second)
        self.next_second = int(self.clock()) + 1
        self._emit_late_samples()
        self.proposal.look(self.next_second, is_last=True)

    def _reported_seconds(self):
        return set(self.parts) | self.error_tally.seconds()

    def _emit_late_samples(self):
        """Of the seconds that have been closed."""
        if self.next_second is None:
            return
        for second in sorted(second for second in self._reported_seconds() if second < self.next_second):
            self._emit_sample(second)

    def add_message(self, worker_id, message):
        """``message``: messages.Metrics of this run. Each number counts once."""
        is_new, gap = self.numbers.setdefault(worker_id, MessageNumbers()).add(message.number)
        if gap is not None:
            self.warnings.messages_missing(worker_id, *gap)
        if not is_new:
            return
        shift = self.clock_offsets.shift_of(worker_id, message.sent_at)
        self.clock_offsets.check_jump(worker_id, message.clock_jump)
        self._add_counts(worker_id, message, shift)
        self._add_state(worker_id, message, shift)
        self.cut_off += message.cut_off
        self.users_died += message.users_died
        self.users_left += message.users_left
        self.error_tally.user_error = message.script_error or self.error_tally.user_error
        for odd_value in message.odd_values:
            self.warnings.odd_value(worker_id, *odd_value)
        for listener_error in message.listener_errors:
            self.warnings.listener_failed(worker_id, *listener_error)
        if message.locust_report_error:
            self.warnings.locust_report_failed(worker_id, message.locust_report_error)
        self.reported_until[worker_id] = int(message.sent_at) + shift
        if message.final:
            self.final_workers.add(worker_id)
        if message.quitting:
            self.quit_workers.add(worker_id)
        self._emit_late_samples()

    def _add_counts(self, worker_id, message, shift):
        for key, method, name in message.names:
            self.endpoints.register(key, method, name)
        for key, text in message.texts:
            # A worker of an attached Locust is not told what is hidden.
            self.error_tally.texts.add(key, texts.without_hidden(text))
        for second, part in message.parts:
            if self.endpoints.merged:
                part = wire.merge_endpoints(part, self.endpoints.merged, wire.OTHER_ID)
            self.parts.setdefault(second + shift, []).append((worker_id, part))
        for second, requests, failures in message.counts:
            self.count(second + shift, requests, failures)
            self.requests += requests
            self.failures += failures
        for second, key, text_id, count in message.errors:
            self.error_tally.add_failures(second + shift, key, text_id, count)
        for second, text_id, traceback, count in message.exceptions:
            self.error_tally.add_exceptions(second + shift, worker_id, text_id, traceback, count)

    def _add_state(self, worker_id, message, shift):
        """Users, CPU and memory at the end of the second that the message closes; the last one is sent within a second."""
        if message.users is None:
            return
        second = int(message.sent_at) + shift - (0 if message.final else 1)
        self.worker_users.setdefault(second, {})[worker_id] = message.users
        if message.cpu is not None:
            self.processes.add(worker_id, second, message.cpu, message.memory or 0)
        # Locust's own reports, which say it too, come every three seconds.
        compat.set_users_of(self.runner, worker_id, message.users)

    def add_locust_report(self, worker_id, data):
        """``data``: Locust's own report of a worker without the plugin, or with one of another version."""
        deltas = {}
        second = int(self.clock()) - 1
        endpoints = locust_reports.endpoints_of(data, self.endpoint_groups)
        for method, name, delta in endpoints:
            key = self.endpoints.register(wire.endpoint_id(method, name), method, name)
            if key in deltas:
                deltas[key].merge(delta)
            else:
                deltas[key] = delta
        for (method, name), errors in locust_reports.failures_of(data, endpoints, self.endpoint_groups).items():
            key = wire.endpoint_id(method, name)
            for error, count in errors.items():
                self.error_tally.add_failures(second, key, self.error_tally.texts.add_text(error), count)
        requests = sum(delta.requests for _, _, delta in endpoints)
        failures = sum(delta.failures for _, _, delta in endpoints)
        self.requests += requests
        self.failures += failures
        self.count(second, requests, failures)
        if deltas:
            self.parts.setdefault(second, []).append((worker_id, wire.part(deltas, scheme=0)))
        self.reported_until[worker_id] = second + 1
        self._emit_late_samples()

    def add_locust_exception(self, worker_id, message, traceback):
        """An exception that Locust has told of a worker without the plugin."""
        tally = self.error_tally
        message = tally.texts.add_text(texts.short_text(message, texts.MAX_ERROR))
        traceback = tally.texts.add_text(texts.short_text(traceback, texts.MAX_TRACEBACK))
        tally.add_exceptions(int(self.clock()), worker_id, message, traceback, 1)

    def resend(self, ids):
        """``ids``: in hex, of endpoints and texts that the server does not know."""
        keys = [bytes(bytearray.fromhex(text)) for text in ids]
        self.endpoints.resend(keys)
        self.error_tally.texts.resend(keys)

    def _emit_sample(self, second):
        snapshot = self.snapshots.pop(second, None)
        worker_users = self.worker_users.pop(second, {})
        readings = self.processes.take(second)
        for kept in (self.snapshots, self.worker_users):
            for old in [other for other in kept if other < second - KEPT_USERS_SECONDS]:
                del kept[old]
        sections = [wire.section(wire.SECOND, wire.varint(second))]
        # A late report of a second that has been closed adds requests, not users.
        if snapshot is not None or second >= (self.next_second or 0):
            sections += self._state_sections(snapshot or Snapshot(self.target_users, self.runner), worker_users, readings)
        sections += [wire.part_section(worker_id, part) for worker_id, part in self.parts.pop(second, [])]
        sections.append(self.endpoints.names_section())
        sections += self.error_tally.take_sections(second)
        self.emit(wire.SAMPLE, b"".join(sections))

    def _state_sections(self, snapshot, worker_users, readings):
        """Users by class, and the processes: as each worker has told that second, else as Locust knew."""
        users = {worker: classes for worker, (_, classes) in snapshot.workers.items()}
        users.update(worker_users)
        real = {}
        for classes in users.values():
            for name, count in classes.items():
                real[name] = real.get(name, 0) + count
        target = snapshot.classes
        # Workers count every class of the script, also those that the run does not have.
        names = set(target).union(compat.chosen_classes(self.runner), (name for name, count in real.items() if count))
        classes = [(name, target.get(name, 0), real.get(name, 0)) for name in sorted(names)]
        processes = []
        for node in compat.workers_of(self.runner):
            state, _ = snapshot.workers.get(node.id, (node.state, None))
            cpu, memory = readings.get(node.id) or self.processes.of_worker(node)
            process_users = sum(users.get(node.id, {}).values())
            ahead_ms = self.clock_offsets.ahead_ms(node.id)
            processes.append((node.id, compat.STATE_NUMBERS.get(state, 0), process_users, cpu, memory, ahead_ms))
        cpu, memory = readings.get(MASTER) or self.processes.of_master()
        state = compat.STATE_NUMBERS.get(self.runner.state, 0)
        processes.append((MASTER, state, 0, cpu, memory, self.clock_offsets.ahead_ms(MASTER)))
        users_section = wire.users_section(snapshot.target_users, sum(real.values()), classes)
        return [users_section, wire.processes_sections(processes)]
