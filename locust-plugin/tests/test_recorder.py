"""The worker's recorder: every request is counted once, whatever its arguments and in whatever thread."""
import time

import decode
from gevent import monkey
from test_script_values import LENGTHS, TIMES, Broken, NoRepr, Worse

from load_manager_locust.shared import texts, wire
from load_manager_locust.worker.recorder import UNCLAIMED_SECONDS, Recorder


def counted(taken):
    """{(method, name): [requests, failures, requests without a time, bytes]}"""
    names = {key: (method, name) for key, method, name in taken.names}
    found = {}
    for deltas in taken.seconds.values():
        for key, delta in deltas.items():
            known = found.setdefault(names[key], [0, 0, 0, 0])
            for index, number in enumerate((delta.requests, delta.failures, delta.no_time, delta.bytes)):
                known[index] += number
    return found


def errors(taken):
    """{(name, error): count}"""
    names = {key: name for key, _, name in taken.names}
    known = dict(taken.texts)
    known[texts.OTHER_TEXT_ID] = texts.OTHER_TEXT
    found = {}
    for counts in taken.failures.values():
        for (key, text), count in counts.items():
            kind = names[key], known[text]
            found[kind] = found.get(kind, 0) + count
    return found


def test_every_odd_time_and_length_is_counted_and_told_once():
    recorder = Recorder()
    for _ in range(2):
        for value, _, _ in TIMES:
            recorder.request(request_type="GET", name="/time", response_time=value, response_length=1)
        for value, _, _ in LENGTHS:
            recorder.request(request_type="GET", name="/length", response_time=1.0, response_length=value)
    taken = recorder.take(final=True)
    without_time = sum(1 for _, us, _ in TIMES if us is None)
    lengths = sum(length for _, length, _ in LENGTHS)
    assert counted(taken) == {
        ("GET", "/time"): [2 * len(TIMES), 0, 2 * without_time, 2 * len(TIMES)],
        ("GET", "/length"): [2 * len(LENGTHS), 0, 0, 2 * lengths],
    }
    kinds = [kind for kind, _, _, _ in taken.odd_values]
    expected = {"time_" + odd for _, _, odd in TIMES if odd} | {"length_" + odd for _, _, odd in LENGTHS if odd}
    assert len(kinds) == len(set(kinds)) and set(kinds) == expected
    assert ("time_text", "GET", "/time", "'5'") in taken.odd_values
    recorder.request("GET", "/time", "6", 0)
    assert recorder.take(final=True).odd_values == []


def test_arguments_may_be_left_out_and_unknown_ones_given():
    recorder = Recorder()
    recorder.request(request_type="GET", name="/", response_time=5, colour="blue", response=object())
    recorder.request(name="/")
    recorder.request()
    taken = recorder.take(final=True)
    assert counted(taken) == {("GET", "/"): [1, 0, 0, 0], ("", "/"): [1, 0, 1, 0], ("", "None"): [1, 0, 1, 0]}
    assert taken.odd_values == []


def test_names_and_methods_of_any_kind_are_counted():
    recorder = Recorder()
    long = "/" + 65000 * "x"
    for method, name in (
        (None, "/"), ("GET", 5), ("GET", Broken()), (Worse(), "/"), ("GET", u"/caf\udce9"), (u"G\ud800T", "/"), ("GET", long), (long, "/"),
        ({}, []), ("GET", ""), ("GET", "a\0b"),
    ):
        for _ in range(3):
            recorder.request(method, name, 5.0, 1, None)
    names = [
        ("", "/"), ("GET", "5"), ("GET", "(unprintable Broken)"), ("(unprintable Worse)", "/"), ("GET", u"/caf\ufffd"),
        (u"G\ufffdT", "/"), ("GET", texts.short_name(long)), (texts.short_name(long), "/"), ("{}", "[]"), ("GET", ""), ("GET", "a\0b"),
    ]
    taken = recorder.take(final=True)
    assert counted(taken) == {name: [3, 0, 0, 3] for name in names}
    assert all(key == wire.endpoint_id(method, name) for key, method, name in taken.names)


def test_failures_are_listed_and_add_up():
    recorder = Recorder()
    for error in ("text", "text", ValueError("x"), NoRepr(), Worse(), "", 0, None, ["list"]):
        recorder.request("GET", "/", 1.0, 0, error)
    taken = recorder.take(final=True)
    assert errors(taken) == {
        ("/", "text"): 2, ("/", "ValueError('x')"): 1, ("/", "NoRepr (its text cannot be made: RuntimeError)"): 1,
        ("/", "Worse (its text cannot be made: BaseException)"): 1, ("/", "['list']"): 1,
    }
    assert counted(taken) == {("GET", "/"): [9, 6, 0, 0]}


def test_kinds_of_errors_and_of_exceptions_are_limited():
    recorder = Recorder()
    for number in range(300):
        recorder.request("GET", "/", 1.0, 0, "error %d" % number)
    taken = recorder.take(final=True)
    found = errors(taken)
    assert len(found) == 201 and found[("/", "(other)")] == 100 and sum(found.values()) == 300
    for number in range(300):
        code = compile("\n" * number + "raise KeyError(%d)" % number, "script.py", "exec")
        try:
            exec(code)
        except KeyError as error:
            recorder.exception(exception=error, tb=error.__traceback__)
    counts = {}
    for kinds in recorder.take(final=True).exceptions.values():
        for kind, count in kinds.items():
            counts[kind] = counts.get(kind, 0) + count
    assert len(counts) == 201 and counts[(texts.OTHER_TEXT_ID, texts.OTHER_TEXT_ID)] == 100


def test_exceptions_of_one_place_are_of_one_kind():
    recorder = Recorder()
    for number in range(5):
        try:
            raise KeyError("ticket %d" % number)
        except KeyError as error:
            recorder.exception(user_instance=None, exception=error, tb=error.__traceback__)
    recorder.exception(exception=NoRepr())
    taken = recorder.take(final=True)
    known = dict(taken.texts)
    counts = {known[message]: count for kinds in taken.exceptions.values() for (message, _), count in kinds.items()}
    assert counts == {"'ticket 0'": 5, "NoRepr (its text cannot be made: RuntimeError)": 1}


def test_endpoints_beyond_the_limit_are_counted_together():
    recorder = Recorder(max_endpoints=2)
    for name in ("/a", "/b", "/c", "/d", u"/e\ud800", "/a"):
        recorder.request("GET", name, 1.0, 0, "failed")
    taken = recorder.take(final=True)
    assert counted(taken) == {("GET", "/a"): [2, 2, 0, 0], ("GET", "/b"): [1, 1, 0, 0], ("", "(other)"): [3, 3, 0, 0]}
    assert errors(taken)[("(other)", "failed")] == 3


def test_requests_of_real_threads_are_all_counted():
    """Taken all the while, as by the sender."""
    recorder = Recorder()
    threads, each = 4, 5000
    started = monkey.get_original("_thread", "start_new_thread")
    pause = monkey.get_original("time", "sleep")
    done = []

    def fire(number):
        for count in range(each):
            recorder.request("GET", "/%d" % (count % 50), 1.0, 1, "failed" if count % 2 else None)
            if count % 100 == 0:
                recorder.request("GET", "/new/%d/%d" % (number, count), None, 0, None)
        done.append(number)

    for number in range(threads):
        started(fire, (number,))
    seconds, failures, names = [], [], []
    deadline = time.time() + 60
    while len(done) < threads and time.time() < deadline:
        taken = recorder.take(final=True)
        seconds.append(taken.seconds)
        failures.append(taken.failures)
        names += taken.names
        pause(0.001)
    taken = recorder.take(final=True)
    seconds.append(taken.seconds)
    failures.append(taken.failures)
    names += taken.names
    deltas = [item for taken in seconds for second in taken.values() for item in second.items()]
    assert sum(delta.requests for _, delta in deltas) == threads * (each + each // 100)
    assert sum(delta.failures for _, delta in deltas) == threads * each // 2
    assert sum(count for taken in failures for kinds in taken.values() for count in kinds.values()) == threads * each // 2
    assert {key for key, _ in deltas} == {key for key, _, _ in names} and len(names) == 50 + threads * each // 100


def test_an_event_fired_while_another_is_counted_is_counted_too():
    """As by a ``__del__`` that runs in the middle of it."""
    recorder = Recorder()
    with recorder.lock:
        recorder.request("GET", "/", 1.0, 0, None)
    assert counted(recorder.take(final=True)) == {("GET", "/"): [1, 0, 0, 0]}


class Clock(object):
    now = 1000.5

    def __call__(self):
        return self.now


def test_only_closed_seconds_are_taken_before_the_end():
    recorder = Recorder(clock=Clock())
    recorder.request("GET", "/", 1.0, 0, "failed")
    assert recorder.take().seconds == {}
    recorder.clock.now = 1001.01
    recorder.request("GET", "/", 1.0, 0, None)
    assert list(recorder.take().seconds) == [1000]
    assert list(recorder.take(final=True).seconds) == [1001]


def test_what_was_counted_before_the_first_run_key_stays():
    recorder = Recorder()
    recorder.request("GET", "/", 1.0, 0, "failed")
    recorder.set_run("a:1", load_started=True)
    taken = recorder.take(final=True)
    assert counted(taken) == {("GET", "/"): [1, 1, 0, 0]} and errors(taken) == {("/", "failed"): 1}
    # Of another run nothing stays, and the names and texts are told again.
    recorder.request("GET", "/", 1.0, 0, "failed")
    recorder.set_run("a:2", load_started=True)
    assert recorder.take(final=True).is_empty
    recorder.request("GET", "/", 1.0, 0, "failed")
    taken = recorder.take(final=True)
    assert counted(taken) == {("GET", "/"): [1, 1, 0, 0]} and errors(taken) == {("/", "failed"): 1}


def test_load_that_was_no_runs_is_not_counted_for_the_next_run():
    recorder = Recorder()
    recorder.request("GET", "/", 1.0, 0, None)
    recorder.set_run("a:1", load_started=False)
    assert recorder.take(final=True).is_empty
    # A worker that joins a run: its own test_start comes before the run's name.
    recorder = Recorder(clock=Clock())
    recorder.request("GET", "/old", 1.0, 0, None)
    recorder.end_load()
    recorder.clock.now = 1002.0
    recorder.request("GET", "/in a listener of test_start", 1.0, 0, None)
    recorder.begin_load()
    recorder.request("GET", "/new", 1.0, 0, None)
    recorder.set_run("a:1", load_started=True)
    names = {name for _, name in counted(recorder.take(final=True))}
    assert names == {"/in a listener of test_start", "/new"}


def test_counts_that_no_master_asks_for_do_not_pile_up():
    recorder = Recorder(clock=Clock())
    for _ in range(3 * UNCLAIMED_SECONDS):
        recorder.request("GET", "/", 1.0, 0, "failed")
        recorder.clock.now += 1
        recorder.drop_unclaimed()
    assert len(recorder.seconds) == len(recorder.failures) <= UNCLAIMED_SECONDS


def test_a_part_of_counts_is_what_the_server_reads():
    recorder = Recorder()
    for us in (0.05, 1.5, 250.0, None):
        recorder.request("GET", "/", us, 10, None)
    (deltas,) = recorder.take(final=True).seconds.values()
    (read,) = decode.part(decode.Reader(wire.part(deltas))).values()
    assert (read["requests"], read["noTime"], read["sumUs"], read["minUs"], read["maxUs"]) == (4, 1, 251550, 50, 250000)
