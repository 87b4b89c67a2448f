"""Keeps the records of one run, numbered once, until the server has stored them."""
import os
import struct
import time

from ..shared import wire

# Records that the server has not taken for so long are dropped.
MAX_AGE_SECONDS = 86400.0


def ranges_of(seqs):
    """Rising numbers as [[first, last]] of numbers that follow each other."""
    ranges = []
    for seq in seqs:
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1][1] = seq
        else:
            ranges.append([seq, seq])
    return ranges


class Outbox(object):
    """
    ``run_id`` may be ``None`` for a run that was started at Locust itself, until the server has named it; nothing is sent
    before that. ``master_instance_id``: 16 bytes. ``spool_path``: a file that gets every record too, which the server reads
    when the plugin could not reach it; ``None``: no such file. ``clock()`` returns monotonic seconds.
    """

    def __init__(self, run_id, master_instance_id, max_bytes, spool_path=None, clock=time.monotonic):
        self.run_id = run_id
        self.master_instance_id = master_instance_id
        self.max_bytes = max_bytes
        self.clock = clock
        self.spool_path = spool_path
        self.last_seq = 0
        self.acknowledged_seq = 0
        # [(seq, kind, encoded record, when it was made)], oldest first.
        self.pending = []
        self.pending_bytes = 0
        self.closed = False

    def add(self, kind, body):
        """
        Numbers a record; its bytes never change from here on. If the outbox is too large or too old, its oldest records are
        replaced by a *dropped* record. After the final record it takes no more.
        """
        if self.closed:
            return
        self._append(kind, body)
        if kind == wire.FINAL:
            self.closed = True
        dropped = []
        while len(self.pending) > 1 and (self.pending_bytes > self.max_bytes or self._oldest_is_too_old()):
            seq, _, data, _ = self.pending.pop(0)
            self.pending_bytes -= len(data)
            dropped.append(seq)
        if dropped:
            self._append_dropped(dropped[0], dropped[-1])

    def _oldest_is_too_old(self):
        return self.clock() - self.pending[0][3] > MAX_AGE_SECONDS

    def _append_dropped(self, first_seq, last_seq):
        self._append(wire.DROPPED, wire.varint(first_seq) + wire.varint(last_seq))

    def _append(self, kind, body):
        self.last_seq += 1
        data = wire.record(self.last_seq, kind, body)
        self.pending.append((self.last_seq, kind, data, self.clock()))
        self.pending_bytes += len(data)
        if self.spool_path is not None and self.run_id is not None:
            self._spool(wire.batch(self.run_id, self.master_instance_id, [data]))

    def _spool(self, data):
        try:
            with open(self.spool_path, "ab") as file:
                file.write(struct.pack("<I", len(data)) + data)
        except OSError:
            # A full disk must not end the load. The records in memory are still sent.
            self.spool_path = None

    def next_batch(self, max_bytes):
        """The oldest records that fit into ``max_bytes``, at least one: (last seq, batch); ``None``: nothing to send."""
        if self.run_id is None or not self.pending:
            return None
        records = []
        size = 0
        last_seq = 0
        for seq, _, data, _ in self.pending:
            if records and size + len(data) > max_bytes:
                break
            records.append(data)
            size += len(data)
            last_seq = seq
        return last_seq, wire.batch(self.run_id, self.master_instance_id, records)

    def acknowledge(self, seq):
        """The server has stored every record up to ``seq``."""
        while self.pending and self.pending[0][0] <= seq:
            self.pending_bytes -= len(self.pending.pop(0)[2])
        self.acknowledged_seq = max(self.acknowledged_seq, seq)

    def quarantine(self, last_seq):
        """
        Replaces the records up to ``last_seq`` by *dropped* records: the server cannot read them, and they would hold up all
        later ones. Where there is a spool, they are kept in ``quarantine.bin`` beside it. *Dropped* records stay, since a
        server that cannot read these reads nothing. ``False``: there are no others, so nothing has changed.
        """
        # Another greenlet may have removed records while the request was under way.
        refused = [record for record in self.pending if record[0] <= last_seq]
        unreadable = [(seq, data) for seq, kind, data, _ in refused if kind != wire.DROPPED]
        if not unreadable:
            return not refused
        if self.spool_path is not None:
            try:
                with open(os.path.join(os.path.dirname(self.spool_path), "quarantine.bin"), "ab") as file:
                    for _, data in unreadable:
                        file.write(struct.pack("<I", len(data)) + data)
            except OSError:
                # The file is for people who look for the cause; the run does not depend on it.
                pass
        self.acknowledge(last_seq)
        kept = [record for record in refused if record[1] == wire.DROPPED]
        self.pending[:0] = kept
        self.pending_bytes += sum(len(data) for _, _, data, _ in kept)
        for first_seq, end_seq in ranges_of([seq for seq, _ in unreadable]):
            self._append_dropped(first_seq, end_seq)
        return True

    @property
    def is_done(self):
        """Nothing is left to send, and nothing more will come."""
        return self.closed and not self.pending
