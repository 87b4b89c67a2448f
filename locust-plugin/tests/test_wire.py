import json
import os
import random

import decode
from load_manager_locust.shared import texts, wire
from load_manager_locust.shared.endpoint_delta import EndpointDelta

VECTORS = os.path.join(os.path.dirname(__file__), "vectors.json")


def test_varints_of_every_length_are_read_back():
    for bits in range(53):
        for value in (2**bits - 1, 2**bits, 2**bits + 1):
            assert decode.Reader(wire.varint(value)).varint() == value
            assert wire.read_varint(wire.varint(value), 0)[0] == value


def test_a_bucket_is_never_wider_than_its_64th():
    for value in list(range(5000)) + [random.randrange(2**40) for _ in range(5000)]:
        index = wire.bucket(value)
        assert index == value if value < 64 else True
        assert wire.bucket(value + max(1, value // 50)) > index or value < 1
        assert wire.bucket(max(0, value - 1)) <= index


def test_histograms_are_read_back():
    for _ in range(200):
        counts = {random.randrange(3000): random.choice([1, 1, 2, 300]) for _ in range(random.randrange(40))}
        read = decode.histogram(wire.histogram(counts))
        assert read == ({"scheme": 1, "counts": counts} if counts else {})


def test_a_part_is_read_back():
    delta = EndpointDelta()
    for ms, failed in ((1.5, False), (2.0, True), (None, False)):
        delta.add(None if ms is None else int(ms * 1000), 10, failed)
    key = wire.endpoint_id("GET", "/")
    (read,) = decode.part(decode.Reader(wire.part({key: delta}))).values()
    assert (read["requests"], read["failures"], read["noTime"]) == (3, 1, 1)
    assert (read["sumUs"], read["minUs"], read["maxUs"], read["bytes"]) == (3500, 1500, 2000, 30)
    assert sum(read["ok"]["counts"].values()) == 1 and sum(read["failed"]["counts"].values()) == 1


def test_merging_endpoints_adds_them_up_and_leaves_the_rest():
    def delta(*calls):
        added = EndpointDelta()
        for ms, failed in calls:
            added.add(None if ms is None else ms * 1000, 10, failed)
        return added

    a, b, c, other = [wire.endpoint_id("GET", name) for name in ("/a", "/b", "/c", "(other)")]
    part = {a: delta((5, False)), b: delta((1, False), (1, True)), c: delta((None, False)), other: delta((9, False))}
    read = decode.part(decode.Reader(wire.merge_endpoints(wire.part(part), {b, c}, other)))
    whole = decode.part(decode.Reader(wire.part({a: part[a]})))
    assert read[a.hex()] == whole[a.hex()] and set(read) == {a.hex(), other.hex()}
    one = read[other.hex()]
    assert (one["requests"], one["failures"], one["noTime"], one["bytes"]) == (4, 1, 1, 40)
    assert (one["sumUs"], one["minUs"], one["maxUs"]) == (11000, 1000, 9000)
    assert one["ok"]["counts"] == {wire.bucket(1000): 1, wire.bucket(9000): 1}
    assert one["failed"]["counts"] == {wire.bucket(1000): 1}


def test_numbers_beyond_what_the_server_reads_are_clamped():
    delta = EndpointDelta()
    delta.add(2**53, 2**60, False)
    delta.add(2**53, 2**60, False)
    (read,) = decode.part(decode.Reader(wire.part({b"12345678": delta}))).values()
    assert (read["requests"], read["sumUs"], read["bytes"]) == (2, 2**53 - 1, 2**53 - 1)


def test_a_part_is_split_by_endpoints_and_adds_up():
    deltas = {}
    for number in range(100):
        delta = deltas[wire.endpoint_id("GET", str(number))] = EndpointDelta()
        for us in range(number + 1):
            delta.add(us * 1000, 10, us % 3 == 0)
    parts = wire.parts(deltas, max_bytes=2000)
    assert len(parts) > 3 and max(len(part) for part, _, _ in parts) <= 2000 + 2
    read = {}
    for part, requests, failures in parts:
        decoded = decode.part(decode.Reader(part))
        assert sum(delta["requests"] for delta in decoded.values()) == requests
        assert sum(delta["failures"] for delta in decoded.values()) == failures
        read.update(decoded)
    assert read == decode.part(decode.Reader(wire.part(deltas)))


def test_processes_are_read_back():
    given = [("w1", 3, 7, 99.5, 10**10, -86400000), ("master", 0, 0, 0.0, 0, 12)]
    given.append(("w2", 3, 7, 1.0, 1, None))
    read = decode.sample(wire.processes_sections(given))["processes"]
    assert read == {
        name: {"state": state, "users": users, "cpu": cpu, "memory": memory, "aheadMs": ahead}
        for name, state, users, cpu, memory, ahead in given
    }


def make_vectors():
    delta = EndpointDelta()
    for us, failed in ((50, False), (1500, False), (1500, False), (250000, True), (None, False)):
        delta.add(us, 100, failed)
    key = wire.endpoint_id("GET", "/products/[id]")
    error, message, traceback = u"HTTPError('503 \u2026')", "KeyError: 'cart'", '  File "locustfile.py", line 7, in buy\n'
    ids = [texts.text_id(text) for text in (error, message, traceback)]
    body = (
        wire.section(wire.SECOND, wire.varint(1795000000))
        + wire.users_section(20, 19, [("Visitor", 20, 19)])
        + wire.processes_sections(
            [("w1", 3, 19, 12.5, 73400320, -1250), ("w2", 3, 0, 0, 0, None), ("master", 3, 0, 3.25, 2**33, 40)]
        )
        + wire.part_section("w1", wire.part({key: delta}))
        + wire.names_section([(key, "GET", "/products/[id]")])
        + wire.failures_section([(key, ids[0], 1)])
        + wire.exceptions_section([("w1", ids[1], ids[2], 300)])
        + wire.texts_section(list(zip(ids, (error, message, traceback))))
        + wire.section(20, b"reserved")
    )
    records = [
        wire.record(1, wire.OPEN, wire.as_json({"runId": "run-1", "loadStartedAtMs": 1795000000123})),
        wire.record(2, wire.SAMPLE, body),
        wire.record(3, wire.DROPPED, wire.varint(7) + wire.varint(9)),
        wire.record(4, wire.FINAL, wire.as_json({"requests": 5, "stopCause": "deadline"})),
    ]
    return {
        "varints": [[value, wire.varint(value).hex()] for value in (0, 1, 127, 128, 300, 2**32, 2**53 - 1)],
        "buckets": [[us, wire.bucket(us)] for us in (0, 63, 64, 65, 127, 128, 129, 1500, 250000, 2**31, 2**40 + 1)],
        "endpoints": [["GET", "/", wire.endpoint_id("GET", "/").hex()], ["", "täsk", wire.endpoint_id("", "täsk").hex()]],
        "texts": [[text, texts.text_id(text).hex()] for text in ("", "(other)", error)],
        "histogram": {"counts": [[5, 1], [64, 3], [2000, 1]], "hex": wire.histogram({5: 1, 64: 3, 2000: 1}).hex()},
        "batch": {
            "hex": wire.batch("run-1", bytes(bytearray(range(16))), records).hex(),
            "masterInstanceId": bytes(bytearray(range(16))).hex(),
            "endpoint": {"id": key.hex(), "requests": 5, "failures": 1, "noTime": 1, "sumUs": 253050, "minUs": 50, "maxUs": 250000, "bytes": 500},
            "processes": [
                {"id": "w1", "state": 3, "users": 19, "cpuPercent": 12.5, "memoryBytes": 73400320, "clockOffsetMs": -1250},
                {"id": "w2", "state": 3, "users": 0, "cpuPercent": 0, "memoryBytes": None, "clockOffsetMs": None},
                {"id": "master", "state": 3, "users": 0, "cpuPercent": 3.25, "memoryBytes": 2**33, "clockOffsetMs": 40},
            ],
            "failures": [{"endpoint": key.hex(), "text": ids[0].hex(), "count": 1}],
            "exceptions": [{"worker": "w1", "message": ids[1].hex(), "traceback": ids[2].hex(), "count": 300}],
            "texts": [[one.hex(), text] for one, text in zip(ids, (error, message, traceback))],
        },
    }


def test_the_vectors_of_the_servers_tests_are_what_the_plugin_sends():
    with open(VECTORS) as file:
        assert json.load(file) == make_vectors()


if __name__ == "__main__":
    with open(VECTORS, "w") as file:
        json.dump(make_vectors(), file, indent=1)
        file.write("\n")
