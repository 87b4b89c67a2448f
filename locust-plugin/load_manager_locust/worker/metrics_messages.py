"""Puts what a worker has counted into messages of the plugin's own (PROTOCOL.md), each of a limited size."""
from ..shared import messages, wire

# msgpack adds at most so many bytes to a text, some bytes or a number; lists and keys included.
FRAME_BYTES = 16
# The fields that are in one message only.
HEAD_BYTES = 64 * 1024


def _size(value):
    if isinstance(value, bytes):
        return len(value) + FRAME_BYTES
    if isinstance(value, (list, tuple)):
        return FRAME_BYTES + sum(_size(one) for one in value)
    # A character has at most 4 bytes.
    return 4 * len(value) + FRAME_BYTES if isinstance(value, str) else FRAME_BYTES


class _Pages(object):
    """Lists of items by key, distributed over pages of at most ``most`` bytes."""

    def __init__(self, most):
        self.most = most
        self.pages = [{}]
        self.size = 0

    def add(self, size, **items):
        """Items of one page: {key: one item of its list}."""
        if self.pages[-1] and self.size + size > self.most:
            self.pages.append({})
            self.size = 0
        self.size += size
        for key, item in items.items():
            self.pages[-1].setdefault(key, []).append(item)


def payloads_of(taken, run_key, head, final, max_bytes=messages.MAX_MESSAGE_BYTES):
    """
    [payload of METRICS], without its number; at least one. ``taken``: as Recorder.take returns it; ``head``: the fields that
    are in one message only, of at most HEAD_BYTES; None, 0 and empty ones are left out.
    """
    most = max_bytes - HEAD_BYTES
    pages = _Pages(most)
    # Names and texts first, so that the master knows them when it reads the counts.
    for name in taken.names:
        pages.add(_size(name), names=name)
    for text in taken.texts:
        pages.add(_size(text), texts=text)
    for second, deltas in taken.seconds.items():
        for part, requests, failures in wire.parts(deltas, max_bytes=most // 2):
            counts = second, requests, failures
            pages.add(_size(part) + _size(counts), parts=(second, part), counts=counts)
    for second, failures in taken.failures.items():
        for (key, text), count in failures.items():
            error = second, key, text, count
            pages.add(_size(error), errors=error)
    for second, exceptions in taken.exceptions.items():
        for (message, traceback), count in exceptions.items():
            exception = second, message, traceback, count
            pages.add(_size(exception), exceptions=exception)
    for page in pages.pages:
        page.update(v=messages.VERSION, runKey=run_key, sentAt=taken.now)
    head = dict(head, cutOff=taken.cut_off, oddValues=taken.odd_values, final=final)
    pages.pages[-1].update({key: value for key, value in head.items() if value or key == "users"})
    return pages.pages
