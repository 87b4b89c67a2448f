"""The workers' message of the plugin's own: its size, its numbers, and what the master makes of it."""
import decode
import msgpack
import pytest

from load_manager_locust.master.message_numbers import MessageNumbers
from load_manager_locust.shared import messages
from load_manager_locust.worker.metrics_messages import payloads_of
from load_manager_locust.worker.recorder import Recorder

HEAD = {"users": {}, "cpu": 12.5, "memory": 10**8, "usersDied": 0, "scriptError": None}


def sent(recorder, final=True, **more):
    """The payloads, as they arrive."""
    payloads = payloads_of(recorder.take(final), "a:1", HEAD, final, **more)
    for number, payload in enumerate(payloads):
        payload["number"] = number + 1
    return [msgpack.loads(msgpack.dumps(payload), raw=False, strict_map_key=False) for payload in payloads]


def filled(endpoints):
    recorder = Recorder(endpoints)
    for number in range(endpoints):
        for error in (None, u"\u2026" * 500 + str(number % 150)):
            recorder.request("GET", "/%d/" % number + "x" * 200, 1.0 + number, 10, error)
    return recorder


def test_keys_that_have_nothing_to_say_are_absent():
    (payload,) = sent(Recorder(), final=False)
    assert set(payload) == {"v", "runKey", "number", "sentAt", "users", "cpu", "memory"}
    (payload,) = sent(Recorder(), final=True)
    assert payload["final"] is True


def test_a_message_that_is_too_large_is_split_and_nothing_is_lost():
    limit = 200 * 1024
    whole, split = sent(filled(2000)), sent(filled(2000), max_bytes=limit)
    assert len(whole) > 1 and len(split) > len(whole)
    for payloads, most in ((whole, messages.MAX_MESSAGE_BYTES), (split, limit)):
        assert max(len(msgpack.dumps(payload)) for payload in payloads) <= most
        assert [payload.get("final") for payload in payloads] == [None] * (len(payloads) - 1) + [True]
        assert [payload for payload in payloads if "cpu" in payload] == payloads[-1:]
        read = [messages.Metrics(payload) for payload in payloads]
        assert sum(requests for one in read for _, requests, _ in one.counts) == 4000
        assert sum(failures for one in read for _, _, failures in one.counts) == 2000
        assert sum(count for one in read for _, _, _, count in one.errors) == 2000
        parts = [decode.part(decode.Reader(part)) for one in read for _, part in one.parts]
        assert sum(delta["requests"] for part in parts for delta in part.values()) == 4000
        keys = {key.hex() for one in read for key, _, _ in one.names}
        assert keys == {key for part in parts for key in part} and len(keys) == 2000
        named = {text for one in read for _, _, text, _ in one.errors}
        assert len({key for one in read for key, _ in one.texts} & named) == len(named) - 1


def test_a_message_is_read_as_a_whole_or_not_at_all():
    (payload,) = sent(filled(3))
    messages.Metrics(payload)
    wrong = [
        ("number", None), ("sentAt", "soon"), ("counts", [(1, 2)]), ("parts", [("x", b"")]), ("names", 5), ("errors", [(1, b"", b"", "x")]),
        ("users", [1]), ("oddValues", 1),
    ]
    for key, value in wrong:
        with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
            messages.Metrics(dict(payload, **{key: value}))
    for key in ("runKey", "number", "sentAt"):
        with pytest.raises(KeyError):
            messages.Metrics({name: payload[name] for name in payload if name != key})


def test_each_number_counts_once_and_a_missing_one_is_noticed():
    numbers = MessageNumbers()
    seen = [numbers.add(number) for number in (1, 2, 2, 5, 1, 3, 3, 6)]
    assert seen == [
        (True, None), (True, None), (False, None), (True, (3, 4)), (False, None), (True, None), (False, None), (True, None),
    ]
    late = MessageNumbers()
    assert late.add(10**9) == (True, (1, 10**9 - 1)) and len(late.missing) <= 1001


def test_marks_have_a_version():
    assert messages.mark_of({}) is None and messages.foreign_version_of({}) is None
    ours = {"lm": messages.mark("a:1")}
    assert messages.mark_of(ours) == {"v": 3, "runKey": "a:1"} and messages.foreign_version_of(ours) is None
    for mark, version in (({"v": 2}, "2"), ({}, "None"), ("text", "unknown")):
        assert messages.mark_of({"lm": mark}) is None and messages.foreign_version_of({"lm": mark}) == version
