"""Encodes what PROTOCOL.md describes in bytes: varints, histograms, parts, samples, batches. All functions return bytes."""
import hashlib
import json

MAGIC = b"LMB\x03"
# Types of records.
OPEN, SAMPLE, EVENT, DROPPED, FINAL = 1, 2, 3, 4, 5
# Types of a sample's sections.
SECOND, USERS, PART, NAMES, PROCESSES, FAILURES, EXCEPTIONS, TEXTS, CLOCKS_UNKNOWN = 1, 2, 4, 5, 9, 10, 11, 12, 13
# The largest number that the server can read.
MOST = 2**53 - 1


def varint(value):
    """Unsigned LEB128."""
    out = bytearray()
    append_varint(out, value)
    return bytes(out)


def append_varint(out, value):
    """Adds a number to a bytearray."""
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


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
    out = bytearray((scheme,))
    previous = 0
    for index, count in sorted(counts.items()):
        if count == 1:
            append_varint(out, (index - previous) * 2)
        else:
            append_varint(out, (index - previous) * 2 + 1)
            append_varint(out, count)
        previous = index
    return bytes(out)


def _delta(key, numbers, ok, failed):
    """``numbers``: the seven of an endpoint, in their order; ``ok``, ``failed``: encoded histograms."""
    out = bytearray(key)
    for number in numbers:
        append_varint(out, number if number < MOST else MOST)
    for encoded in (ok, failed):
        append_varint(out, len(encoded))
        out += encoded
    return bytes(out)


def _numbers(delta):
    return delta.requests, delta.failures, delta.no_time, delta.sum_us, delta.min_us or 0, delta.max_us, delta.bytes


def part(deltas, scheme=1):
    """What one worker did in one second. ``deltas``: {endpoint id: EndpointDelta}; ``scheme``: of their histograms."""
    ((encoded, _, _),) = parts(deltas, scheme) or [(varint(0), 0, 0)]
    return encoded


def parts(deltas, scheme=1, max_bytes=None):
    """
    The same in several parts, each of at most ``max_bytes`` or of one endpoint: [(part, its requests, its failures)]; none
    without deltas.
    """
    chunks = []
    size = 0
    for key in sorted(deltas):
        delta = deltas[key]
        encoded = _delta(key, _numbers(delta), histogram(delta.ok, scheme), histogram(delta.failed, scheme))
        if not chunks or (max_bytes is not None and size + len(encoded) > max_bytes):
            chunks.append([[], 0, 0])
            size = 0
        chunk = chunks[-1]
        chunk[0].append(encoded)
        chunk[1] += delta.requests
        chunk[2] += delta.failures
        size += len(encoded)
    return [(varint(len(encoded)) + b"".join(encoded), requests, failures) for encoded, requests, failures in chunks]


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
    return varint(len(kept) + 1) + b"".join(kept) + _delta(into, sums, histogram(ok), histogram(failed))


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


def zigzag(value):
    """A whole number as one that is not negative."""
    return 2 * value if value >= 0 else -2 * value - 1


def processes_sections(processes):
    """
    ``processes``: [(id, state number, users, CPU in percent of a core, bytes of memory, ms that its clock is ahead)]; the last
    one is ``None`` where it is not known, which an older server reads as 0.
    """
    out = bytearray(varint(len(processes)))
    for process, state, users, cpu, memory, ahead_ms in processes:
        out += text(process) + bytes([state]) + varint(users) + varint(max(0, int(cpu * 100)))
        out += varint(memory) + varint(min(zigzag(ahead_ms or 0), MOST))
    unknown = [text(process[0]) for process in processes if process[-1] is None]
    clocks = section(CLOCKS_UNKNOWN, varint(len(unknown)) + b"".join(unknown)) if unknown else b""
    return section(PROCESSES, bytes(out)) + clocks


def part_section(worker_id, encoded_part):
    return section(PART, text(worker_id) + encoded_part)


def names_section(names):
    """``names``: [(endpoint id, method, name)]."""
    out = bytearray(varint(len(names)))
    for key, method, name in names:
        out += key + text(method) + text(name)
    return section(NAMES, bytes(out))


def failures_section(failures):
    """``failures``: [(endpoint id, text id, count)]."""
    out = bytearray(varint(len(failures)))
    for key, error, count in failures:
        out += key + error + varint(count)
    return section(FAILURES, bytes(out))


def exceptions_section(exceptions):
    """``exceptions``: [(worker id, text id of the message, text id of the traceback, count)]."""
    out = bytearray(varint(len(exceptions)))
    for worker_id, message, traceback, count in exceptions:
        out += text(worker_id) + message + traceback + varint(count)
    return section(EXCEPTIONS, bytes(out))


def texts_section(texts):
    """``texts``: [(text id, string)]."""
    out = bytearray(varint(len(texts)))
    for key, string in texts:
        out += key + text(string)
    return section(TEXTS, bytes(out))


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


def record(seq, kind, body):
    return varint(seq) + bytes([kind]) + block(body)


def batch(run_id, master_instance_id, records):
    """``master_instance_id``: 16 bytes; ``records``: encoded ones, oldest first."""
    return MAGIC + text(run_id) + master_instance_id + varint(len(records)) + b"".join(records)
