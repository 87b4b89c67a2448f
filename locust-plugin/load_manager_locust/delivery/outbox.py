"""Records of one run, numbered once and kept until the server has them."""
import os
import struct
import time

from ..shared import wire

# What no server has taken for so long is given up.
LONGEST_SECONDS = 86400.0


class Outbox(object):
    """``run_id`` may be known later, for runs that were started at Locust itself; nothing is sent before.

    Written to ``spool_path`` as well, where there is one: the server reads it when it could not be reached.
    """

    def __init__(self, run_id, attempt, boot, cap_bytes, spool_path=None, clock=time.monotonic):
        self.run_id = run_id
        self.attempt = attempt
        self.boot = boot
        self.cap_bytes = cap_bytes
        self.clock = clock
        self.spool_path = spool_path
        self.last_seq = 0
        self.acknowledged = 0
        self.pending = []
        self.pending_bytes = 0
        self.closed = False

    def add(self, kind, body):
        """Numbers a record; its bytes never change from here on. Makes room by dropping the oldest, and says so."""
        if self.closed:
            return
        self._append(kind, body)
        if kind == wire.FINAL:
            self.closed = True
        dropped = []
        while len(self.pending) > 1 and (self.pending_bytes > self.cap_bytes or self._is_old()):
            seq, data, _ = self.pending.pop(0)
            self.pending_bytes -= len(data)
            dropped.append(seq)
        if dropped:
            self._append(wire.DROPPED, wire.varint(dropped[0]) + wire.varint(dropped[-1]))

    def _is_old(self):
        return self.clock() - self.pending[0][2] > LONGEST_SECONDS

    def _append(self, kind, body):
        self.last_seq += 1
        data = wire.record(self.last_seq, kind, body)
        self.pending.append((self.last_seq, data, self.clock()))
        self.pending_bytes += len(data)
        if self.spool_path is not None and self.run_id is not None:
            self._spool(wire.batch(self.run_id, self.attempt, self.boot, [data]))

    def _spool(self, data):
        try:
            with open(self.spool_path, "ab") as file:
                file.write(struct.pack("<I", len(data)) + data)
        except OSError:
            # A full disk must not end the load; what is in memory is still sent.
            self.spool_path = None

    def next_batch(self, most_bytes):
        """The oldest records that fit: (last seq, bytes), or ``None``."""
        if self.run_id is None or not self.pending:
            return None
        records = []
        size = 0
        last = 0
        for seq, data, _ in self.pending:
            if records and size + len(data) > most_bytes:
                break
            records.append(data)
            size += len(data)
            last = seq
        return last, wire.batch(self.run_id, self.attempt, self.boot, records)

    def acknowledge(self, seq):
        while self.pending and self.pending[0][0] <= seq:
            self.pending_bytes -= len(self.pending.pop(0)[1])
        self.acknowledged = max(self.acknowledged, seq)

    def quarantine(self, last):
        """The server cannot read these: they would stand in the way forever. Says which were left out."""
        first = self.pending[0][0]
        path = self.spool_path
        if path is not None:
            try:
                with open(os.path.join(os.path.dirname(path), "quarantine.bin"), "ab") as file:
                    for seq, data, _ in self.pending:
                        if seq <= last:
                            file.write(struct.pack("<I", len(data)) + data)
            except OSError:
                pass
        self.acknowledge(last)
        self._append(wire.DROPPED, wire.varint(first) + wire.varint(last))

    @property
    def is_done(self):
        return self.closed and not self.pending
