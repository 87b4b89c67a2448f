import os
import struct

import decode
from load_manager_locust.delivery.outbox import Outbox
from load_manager_locust.delivery.sender import Sender
from load_manager_locust.shared import pidfile, settings, wire

from harness import Receiver

MASTER_INSTANCE_ID = b"b" * 16


def outbox(**more):
    return Outbox("run", MASTER_INSTANCE_ID, more.pop("cap", 1 << 20), **more)


def test_records_are_numbered_once_and_removed_when_stored():
    box = outbox()
    for text in (b"a", b"b", b"c"):
        box.add(wire.EVENT, text)
    last, data = box.next_batch(1 << 20)
    assert last == 3 and [seq for seq, _, _ in decode.batch(data)["records"]] == [1, 2, 3]
    assert box.next_batch(1 << 20) == (last, data)
    box.acknowledge(2)
    assert [seq for seq, _, _ in decode.batch(box.next_batch(1 << 20)[1])["records"]] == [3]
    box.add(wire.FINAL, b"{}")
    box.add(wire.EVENT, b"late")
    box.acknowledge(4)
    assert box.is_done and box.last_seq == 4


def test_over_its_limit_the_oldest_records_are_dropped():
    box = outbox(cap=300)
    for _ in range(5):
        box.add(wire.SAMPLE, b"x" * 100)
    records = decode.batch(box.next_batch(1 << 20)[1])["records"]
    dropped = [decode.Reader(body) for _, kind, body in records if kind == wire.DROPPED]
    gone = [(reader.varint(), reader.varint()) for reader in dropped]
    kept = [seq for seq, kind, _ in records if kind == wire.SAMPLE]
    missing = set(range(1, box.last_seq + 1)) - {seq for seq, _, _ in records}
    assert kept and missing == {seq for first, last in gone for seq in range(first, last + 1)}


def test_records_that_are_too_old_are_dropped():
    now = [0.0]
    box = outbox(clock=lambda: now[0])
    box.add(wire.SAMPLE, b"first")
    now[0] = 80000.0
    box.add(wire.SAMPLE, b"second")
    now[0] = 90000.0
    box.add(wire.SAMPLE, b"third")
    assert [seq for seq, *_ in box.pending] == [2, 3, 4]
    records = decode.batch(box.next_batch(10**6)[1])["records"]
    assert (records[-1][1], decode.Reader(records[-1][2]).varint()) == (wire.DROPPED, 1)


def test_nothing_is_sent_before_the_run_has_an_id():
    box = Outbox(None, MASTER_INSTANCE_ID, 1 << 20)
    box.add(wire.EVENT, b"a")
    assert box.next_batch(1 << 20) is None
    box.run_id = "registered"
    assert decode.batch(box.next_batch(1 << 20)[1])["runId"] == "registered"


def test_the_spool_has_every_record_as_a_batch(tmp_path):
    path = str(tmp_path / "spool.bin")
    box = outbox(spool_path=path)
    box.add(wire.EVENT, b"a")
    box.add(wire.FINAL, b"{}")
    with open(path, "rb") as file:
        data = file.read()
    seqs = []
    while data:
        (length,) = struct.unpack("<I", data[:4])
        seqs += [seq for seq, _, _ in decode.batch(data[4 : 4 + length])["records"]]
        data = data[4 + length :]
    assert seqs == [1, 2]


def test_a_spool_that_cannot_be_written_is_given_up_and_records_are_still_sent(tmp_path):
    box = outbox(spool_path=str(tmp_path / "no-such-folder" / "spool.bin"))
    box.add(wire.EVENT, b"a")
    assert box.next_batch(1 << 20) is not None


def send(box, *receivers):
    sender = Sender([receiver if isinstance(receiver, str) else receiver.url for receiver in receivers], "t", lambda *_: None)
    sender.outboxes.append(box)
    return sender


def test_records_that_are_not_taken_are_sent_again_and_arrive_once():
    receiver = Receiver(503, 401, 429)
    box = outbox()
    box.add(wire.EVENT, b"a" * 2000)
    sender = send(box, receiver)
    assert [sender.send_all() for _ in range(4)] == [False, False, False, True]
    box.add(wire.FINAL, b"{}")
    assert sender.send_all() and sender.outboxes == []
    assert receiver.seqs() == [1, 2]
    receiver.close()


def test_a_batch_of_a_protocol_that_the_server_does_not_know_is_kept_until_it_does(tmp_path):
    problem = b'{"status":503,"detail":"The batch has protocol 3, and this server reads protocol 2."}'
    receiver = Receiver(503, body=problem)
    box = outbox(spool_path=str(tmp_path / "spool.bin"))
    box.add(wire.EVENT, b"a")
    sender = send(box, receiver)
    assert not sender.send_all() and "protocol 3" in sender.last_error
    assert not (tmp_path / "quarantine.bin").exists()
    assert sender.send_all() and sender.last_error is None
    assert [kind for taken in receiver.taken for _, kind, _ in taken["records"]] == [wire.EVENT]
    receiver.close()


def test_400_replaces_a_batch_by_dropped_and_410_empties_the_outbox():
    receiver = Receiver(400)
    box = outbox()
    box.add(wire.EVENT, b"unreadable")
    sender = send(box, receiver)
    assert sender.send_all()
    assert [(seq, kind) for taken in receiver.taken for seq, kind, _ in taken["records"]] == [(2, wire.DROPPED)]
    gone = Receiver(410)
    box = outbox()
    box.add(wire.EVENT, b"a")
    sender = send(box, gone)
    assert sender.send_all() and box.next_batch(1) is None and gone.asked == 1
    receiver.close()
    gone.close()


def test_where_every_batch_is_answered_400_or_413_the_sender_waits_and_nothing_is_left_out_twice(tmp_path):
    for status in (400, 413):
        folder = tmp_path / str(status)
        folder.mkdir()
        receiver = Receiver(*[status] * 5)
        box = outbox(spool_path=str(folder / "spool.bin"))
        box.add(wire.EVENT, b"a")
        sender = send(box, receiver)
        # The event, then the dropped record alone.
        assert not sender.send_all() and receiver.asked == 2
        assert not sender.send_all() and receiver.asked == 3
        box.add(wire.EVENT, b"b")
        assert not sender.send_all() and receiver.asked == 5
        assert sender.send_all() and sender.last_error is None
        taken = [record for batch in receiver.taken for record in batch["records"]]
        assert [(seq, kind) for seq, kind, _ in taken] == [(2, wire.DROPPED), (4, wire.DROPPED)]
        ranges = [decode.Reader(body) for _, _, body in taken]
        assert [(body.varint(), body.varint()) for body in ranges] == [(1, 1), (3, 3)]
        assert quarantined(folder) == [wire.record(1, wire.EVENT, b"a"), wire.record(3, wire.EVENT, b"b")]
        receiver.close()


def quarantined(folder):
    data = (folder / "quarantine.bin").read_bytes()
    records = []
    while data:
        (length,) = struct.unpack("<I", data[:4])
        records.append(data[4 : 4 + length])
        data = data[4 + length :]
    return records


def test_a_dropped_record_among_unreadable_ones_is_kept():
    box = outbox(cap=300)
    for _ in range(4):
        box.add(wire.SAMPLE, b"x" * 100)
    before = [(seq, kind) for seq, kind, _ in decode.batch(box.next_batch(1 << 20)[1])["records"]]
    assert wire.DROPPED in [kind for _, kind in before]
    assert box.quarantine(box.last_seq)
    kept = [(seq, kind) for seq, kind, _ in decode.batch(box.next_batch(1 << 20)[1])["records"]]
    samples = [seq for seq, kind in before if kind == wire.SAMPLE]
    missing = {seq for first, last in dropped_ranges(box) for seq in range(first, last + 1)}
    assert {seq for seq, kind in before if kind == wire.DROPPED} < {seq for seq, _ in kept}
    assert set(samples) < missing and missing.isdisjoint({seq for seq, _ in kept})
    assert not box.quarantine(box.last_seq)


def dropped_ranges(box):
    bodies = [decode.Reader(body) for _, kind, body in decode.batch(box.next_batch(1 << 20)[1])["records"] if kind == wire.DROPPED]
    return [(body.varint(), body.varint()) for body in bodies]


def test_a_batch_is_quarantined_of_which_the_records_were_dropped_meanwhile(tmp_path):
    box = outbox(cap=300, spool_path=str(tmp_path / "spool.bin"))
    box.add(wire.SAMPLE, b"x" * 100)
    box.add(wire.SAMPLE, b"x" * 100)
    last_seq, _ = box.next_batch(1 << 20)
    # The request is under way, and the outbox takes more records than it can keep.
    for _ in range(3):
        box.add(wire.SAMPLE, b"x" * 100)
    assert box.pending[0][0] > last_seq
    before = dropped_ranges(box)
    box.quarantine(last_seq)
    assert dropped_ranges(box) == before and all(first <= last for first, last in before)
    assert not (tmp_path / "quarantine.bin").exists()


def test_a_batch_is_quarantined_of_which_some_records_were_dropped_meanwhile():
    box = outbox(cap=350)
    for _ in range(3):
        box.add(wire.SAMPLE, b"x" * 100)
    last_seq, _ = box.next_batch(1 << 20)
    box.add(wire.SAMPLE, b"x" * 100)
    assert (box.pending[0][0], last_seq) == (2, 3)
    box.quarantine(last_seq)
    assert dropped_ranges(box) == [(1, 1), (2, 3)]


def test_a_batch_that_was_stored_meanwhile_is_not_quarantined():
    box = outbox()
    box.add(wire.EVENT, b"a")
    last_seq, _ = box.next_batch(1 << 20)
    # At the end of the process two greenlets send the same batch.
    box.acknowledge(last_seq)
    box.quarantine(last_seq)
    assert box.next_batch(1 << 20) is None and box.last_seq == 1


def test_the_address_that_answers_is_tried_first_from_then_on():
    receiver = Receiver()
    box = outbox()
    box.add(wire.EVENT, b"a")
    sender = send(box, "http://127.0.0.1:9", receiver)
    assert sender.send_all() and sender.urls[0] == receiver.url
    receiver.close()


def test_missing_settings_are_named():
    missing = settings.Settings({"LOAD_MANAGER_URL": " ,", "LOAD_MANAGER_ACCOUNT_ID": "a", "LOAD_MANAGER_PROJECT_ID": ""}).missing
    assert missing == ["LOAD_MANAGER_URL", "LOAD_MANAGER_ORG_ID", "LOAD_MANAGER_PROJECT_ID"]


def test_settings_and_pidfile(tmp_path):
    parsed = settings.Settings({"LOAD_MANAGER_URL": "http://a/, http://b", "LOAD_MANAGER_ACCOUNT_ID": "a", "LOAD_MANAGER_SPOOL_BYTES": "x"})
    assert parsed.urls == ["http://a", "http://b"] and not parsed.has_scope and parsed.spool_bytes == 64 << 20
    pidfile.write(str(tmp_path), "master", {"webPort": 1})
    assert pidfile.is_alive(str(tmp_path), "master")
    text = (tmp_path / "master.json").read_text().replace('"startTicks": ', '"startTicks": 1')
    (tmp_path / "master.json").write_text(text)
    assert not pidfile.is_alive(str(tmp_path), "master") or not os.path.exists("/proc/self/stat")
