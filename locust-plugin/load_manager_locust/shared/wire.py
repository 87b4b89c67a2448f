"""The bytes of PROTOCOL.md: varints, histograms, parts, samples, batches."""
import hashlib
import json

MAGIC = b"LMB\x01"
OPEN, SAMPLE, EVENT, DROPPED, FINAL = 1, 2, 3, 4, 5
SECOND, USERS, WORKERS, PART, NAMES, ERRORS, EXCEPTIONS = 1, 2, 3, 4, 5, 6, 7


def varint(value):
    """Unsigned LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    """The number at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def block(data):
    return varint(len(data)) + data


def text(value):
    return block(value.encode("utf-8", "replace"))


def endpoint_id(method, name):
    return hashlib.sha256(method.encode("utf-8", "replace") + b"\0" + name.encode("utf-8", "replace")).digest()[:8]


def bucket(us):
    """Scheme 1's bucket of a latency in whole microseconds: exact below 64, then 64 an octave."""
    if us < 64:
        return us
    octave = us.bit_length() - 7
    return 64 + 64 * octave + ((us >> octave) - 64)


def histogram(counts, scheme=1):
    """``counts``: {bucket: count}. Empty without any."""
    if not counts:
        return b""
    out = bytearray([scheme])
    previous = 0
    for index in sorted(counts):
        count = counts[index]
        out += varint((index - previous) * 2 + (0 if count == 1 else 1))
        if count != 1:
            out += varint(count)
        previous = index
    return bytes(out)


def part(cells, scheme=1):
    """``cells``: {endpoint id: Cell-like}; what one worker did in one second."""
    out = bytearray(varint(len(cells)))
    for key in sorted(cells):
        cell = cells[key]
        out += key
        for value in (
            cell.requests,
            cell.failures,
            cell.no_time,
            cell.sum_us,
            cell.min_us or 0,
            cell.max_us,
            cell.bytes,
        ):
            out += varint(value)
        out += block(histogram(cell.ok, scheme))
        out += block(histogram(cell.failed, scheme))
    return bytes(out)


def fold(data, folded, other):
    """A part in which the endpoints of ``folded`` and ``other`` are one, ``other``."""
    count, at = read_varint(data, 0)
    kept = []
    sums, ok, failed = [0] * 7, {}, {}
    for _ in range(count):
        begin = at
        key = data[at:at + 8]
        at += 8
        values = []
        for _ in range(7):
            value, at = read_varint(data, at)
            values.append(value)
        histograms = []
        for _ in range(2):
            length, at = read_varint(data, at)
            histograms.append(data[at:at + length])
            at += length
        if key != other and key not in folded:
            kept.append(data[begin:at])
            continue
        timed = sums[0] > sums[2]
        if values[0] > values[2]:
            sums[4] = min(sums[4], values[4]) if timed else values[4]
            sums[5] = max(sums[5], values[5])
        for index in (0, 1, 2, 3, 6):
            sums[index] += values[index]
        add_histogram(ok, histograms[0])
        add_histogram(failed, histograms[1])
    encoded = b"".join(varint(value) for value in sums)
    one = other + encoded + block(histogram(ok)) + block(histogram(failed))
    return varint(len(kept) + 1) + b"".join(kept) + one


def add_histogram(counts, encoded):
    """Adds one of scheme 1 to ``{bucket: count}``."""
    at, index = 1, 0
    while at < len(encoded):
        head, at = read_varint(encoded, at)
        index += head >> 1
        count = 1
        if head & 1:
            count, at = read_varint(encoded, at)
        counts[index] = counts.get(index, 0) + count


def section(kind, payload):
    return bytes([kind]) + block(payload)


def users_section(target, real, classes):
    """``classes``: [(class, target, real)]."""
    out = bytearray(varint(target) + varint(real) + varint(len(classes)))
    for name, wanted, there in classes:
        out += text(name) + varint(wanted) + varint(there)
    return section(USERS, bytes(out))


def workers_section(workers):
    """``workers``: [(id, state, users, cpu in percent)]."""
    out = bytearray(varint(len(workers)))
    for worker_id, state, users, cpu in workers:
        out += text(worker_id) + bytes([state]) + varint(users) + varint(max(0, int(cpu * 100)))
    return section(WORKERS, bytes(out))


def part_section(worker_id, data):
    return section(PART, text(worker_id) + data)


def names_section(names):
    """``names``: [(id, method, name)]."""
    out = bytearray(varint(len(names)))
    for key, method, name in names:
        out += key + text(method) + text(name)
    return section(NAMES, bytes(out))


def errors_section(errors):
    """``errors``: [(endpoint id, error, count, first ms, last ms)]."""
    out = bytearray(varint(len(errors)))
    for key, error, count, first_ms, last_ms in errors:
        out += key + text(error) + varint(count) + varint(first_ms) + varint(last_ms)
    return section(ERRORS, bytes(out))


def exceptions_section(exceptions):
    """``exceptions``: [(worker ids, message, traceback, count)]."""
    out = bytearray(varint(len(exceptions)))
    for worker_id, message, traceback, count in exceptions:
        out += text(worker_id) + text(message) + text(traceback) + varint(count)
    return section(EXCEPTIONS, bytes(out))


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


def record(seq, kind, body):
    return varint(seq) + bytes([kind]) + block(body)


def batch(run_id, attempt, boot, records):
    """``records``: encoded ones, oldest first."""
    return MAGIC + text(run_id) + varint(attempt) + boot + varint(len(records)) + b"".join(records)
