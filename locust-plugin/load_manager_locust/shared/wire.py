"""Encodes what PROTOCOL.md describes in bytes: varints, histograms, parts, samples, batches. All functions return bytes."""
import hashlib
import json

MAGIC = b"LMB\x02"
# Types of records.
OPEN, SAMPLE, EVENT, DROPPED, FINAL = 1, 2, 3, 4, 5
# Types of a sample's sections.
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
    """Returns the number at position ``at``, and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def block(data):
    """Bytes after their length."""
    return varint(len(data)) + data


def text(value):
    return block(value.encode("utf-8", "replace"))


def endpoint_id(method, name):
    return hashlib.sha256(method.encode("utf-8", "replace") + b"\0" + name.encode("utf-8", "replace")).digest()[:8]


# Counts the endpoints beyond the most that a run may have.
OTHER = ("", "(other)")
OTHER_ID = endpoint_id(*OTHER)


def bucket(us):
    """The index in scheme 1 of a latency in whole microseconds: exact below 64, then 64 buckets an octave."""
    if us < 64:
        return us
    octave = us.bit_length() - 7
    return 64 + 64 * octave + ((us >> octave) - 64)


def histogram(counts, scheme=1):
    """``counts``: {bucket: count}; without any the result is empty."""
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


def part(deltas, scheme=1):
    """What one worker did in one second. ``deltas``: {endpoint id: EndpointDelta}; ``scheme``: of their histograms."""
    out = bytearray(varint(len(deltas)))
    for key in sorted(deltas):
        delta = deltas[key]
        out += key
        for value in (
            delta.requests,
            delta.failures,
            delta.no_time,
            delta.sum_us,
            delta.min_us or 0,
            delta.max_us,
            delta.bytes,
        ):
            out += varint(value)
        out += block(histogram(delta.ok, scheme))
        out += block(histogram(delta.failed, scheme))
    return bytes(out)


def merge_endpoints(data, merged, into):
    """Rewrites a part: the endpoints whose ids are in ``merged`` are added to the endpoint ``into``."""
    count, at = read_varint(data, 0)
    kept = []
    sums, ok, failed = [0] * 7, {}, {}
    for _ in range(count):
        begin = at
        key = data[at:at + 8]
        values, histograms, at = _read_delta(data, at + 8)
        if key != into and key not in merged:
            kept.append(data[begin:at])
            continue
        _add_values(sums, values)
        add_histogram(ok, histograms[0])
        add_histogram(failed, histograms[1])
    encoded = b"".join(varint(value) for value in sums)
    total = into + encoded + block(histogram(ok)) + block(histogram(failed))
    return varint(len(kept) + 1) + b"".join(kept) + total


def _read_delta(data, at):
    """Returns the seven numbers of an endpoint, its two encoded histograms, and the position after them."""
    values = []
    for _ in range(7):
        value, at = read_varint(data, at)
        values.append(value)
    histograms = []
    for _ in range(2):
        length, at = read_varint(data, at)
        histograms.append(data[at:at + length])
        at += length
    return values, histograms, at


def _add_values(sums, values):
    """
    Both: requests, failures, requests without a time, sum, minimum, maximum, bytes. A minimum of 0 means nothing where no
    request had a time.
    """
    if values[0] > values[2]:
        has_times = sums[0] > sums[2]
        sums[4] = min(sums[4], values[4]) if has_times else values[4]
        sums[5] = max(sums[5], values[5])
    for index in (0, 1, 2, 3, 6):
        sums[index] += values[index]


def add_histogram(counts, encoded):
    """Adds an encoded histogram of scheme 1 to ``counts``: {bucket: count}."""
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
    """``classes``: [(class, target users, real users)]."""
    out = bytearray(varint(target) + varint(real) + varint(len(classes)))
    for name, class_target, class_real in classes:
        out += text(name) + varint(class_target) + varint(class_real)
    return section(USERS, bytes(out))


def workers_section(workers):
    """``workers``: [(id, state number, users, CPU in percent of a core)]."""
    out = bytearray(varint(len(workers)))
    for worker_id, state, users, cpu in workers:
        out += text(worker_id) + bytes([state]) + varint(users) + varint(max(0, int(cpu * 100)))
    return section(WORKERS, bytes(out))


def part_section(worker_id, encoded_part):
    return section(PART, text(worker_id) + encoded_part)


def names_section(names):
    """``names``: [(endpoint id, method, name)]."""
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
    for worker_ids, message, traceback, count in exceptions:
        out += text(worker_ids) + text(message) + text(traceback) + varint(count)
    return section(EXCEPTIONS, bytes(out))


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


def record(seq, kind, body):
    return varint(seq) + bytes([kind]) + block(body)


def batch(run_id, master_instance_id, records):
    """``master_instance_id``: 16 bytes; ``records``: encoded ones, oldest first."""
    return MAGIC + text(run_id) + master_instance_id + varint(len(records)) + b"".join(records)
