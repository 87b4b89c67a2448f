import json
import os
import random

import decode
from load_manager_locust.shared import wire
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
        delta.add(ms, 10, failed)
    key = wire.endpoint_id("GET", "/")
    (read,) = decode.part(decode.Reader(wire.part({key: delta}))).values()
    assert (read["requests"], read["failures"], read["noTime"]) == (3, 1, 1)
    assert (read["sumUs"], read["minUs"], read["maxUs"], read["bytes"]) == (3500, 1500, 2000, 30)
    assert sum(read["ok"]["counts"].values()) == 1 and sum(read["failed"]["counts"].values()) == 1


def test_merging_endpoints_adds_them_up_and_leaves_the_rest():
    def delta(*calls):
        added = EndpointDelta()
        for ms, failed in calls:
            added.add(ms, 10, failed)
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


def make_vectors():
    delta = EndpointDelta()
    for ms, failed in ((0.05, False), (1.5, False), (1.5, False), (250.0, True), (None, False)):
        delta.add(ms, 100, failed)
    key = wire.endpoint_id("GET", "/products/[id]")
    body = (
        wire.section(wire.SECOND, wire.varint(1795000000))
        + wire.users_section(20, 19, [("Visitor", 20, 19)])
        + wire.workers_section([("w1", 3, 19, 12.5)])
        + wire.part_section("w1", wire.part({key: delta}))
        + wire.names_section([(key, "GET", "/products/[id]")])
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
        "histogram": {"counts": [[5, 1], [64, 3], [2000, 1]], "hex": wire.histogram({5: 1, 64: 3, 2000: 1}).hex()},
        "batch": {
            "hex": wire.batch("run-1", bytes(bytearray(range(16))), records).hex(),
            "masterInstanceId": bytes(bytearray(range(16))).hex(),
            "endpoint": {"id": key.hex(), "requests": 5, "failures": 1, "noTime": 1, "sumUs": 253050, "minUs": 50, "maxUs": 250000, "bytes": 500},
        },
    }


def test_the_vectors_of_the_servers_tests_are_what_the_plugin_sends():
    with open(VECTORS) as file:
        assert json.load(file) == make_vectors()
