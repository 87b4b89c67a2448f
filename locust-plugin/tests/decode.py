"""A decoder of the wire format, written from PROTOCOL.md independently of wire.py."""
import json


class Reader(object):
    def __init__(self, data):
        self.data, self.at = data, 0

    @property
    def done(self):
        return self.at >= len(self.data)

    def take(self, length):
        assert self.at + length <= len(self.data)
        out = self.data[self.at : self.at + length]
        self.at += length
        return out

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        return self.take(self.varint()).decode("utf-8")


def batch(data):
    reader = Reader(data)
    assert reader.take(4) == b"LMB\x03"
    decoded = {"runId": reader.text(), "masterInstanceId": reader.take(16).hex(), "records": []}
    for _ in range(reader.varint()):
        seq, kind = reader.varint(), reader.take(1)[0]
        decoded["records"].append((seq, kind, reader.take(reader.varint())))
    assert reader.done
    return decoded


def histogram(data):
    if not data:
        return {}
    reader = Reader(data)
    scheme = reader.take(1)[0]
    counts, index = {}, 0
    while not reader.done:
        head = reader.varint()
        index += head >> 1
        counts[index] = reader.varint() if head & 1 else 1
    return {"scheme": scheme, "counts": counts}


def part(reader):
    names = ("requests", "failures", "noTime", "sumUs", "minUs", "maxUs", "bytes")
    deltas = {}
    for _ in range(reader.varint()):
        key = reader.take(8).hex()
        delta = {name: reader.varint() for name in names}
        delta["ok"] = histogram(reader.take(reader.varint()))
        delta["failed"] = histogram(reader.take(reader.varint()))
        deltas[key] = delta
    return deltas


def unzigzag(value):
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


def users(section):
    target, real = section.varint(), section.varint()
    classes = {section.text(): (section.varint(), section.varint()) for _ in range(section.varint())}
    return {"target": target, "real": real, "classes": classes}


def processes(section):
    """{id: {state, users, cpu, memory, aheadMs}}; cpu in percent of a core."""
    found = {}
    for _ in range(section.varint()):
        process = section.text()
        found[process] = {"state": section.take(1)[0], "users": section.varint(), "cpu": section.varint() / 100.0}
        found[process].update(memory=section.varint(), aheadMs=unzigzag(section.varint()))
    return found


def sample(body):
    reader = Reader(body)
    decoded = {"parts": [], "names": {}, "failures": [], "exceptions": [], "texts": {}, "processes": {}}
    while not reader.done:
        kind = reader.take(1)[0]
        section = Reader(reader.take(reader.varint()))
        if kind == 1:
            decoded["second"] = section.varint()
        elif kind == 2:
            decoded["users"] = users(section)
        elif kind == 4:
            worker = section.text()
            decoded["parts"].append((worker, part(section)))
        elif kind == 5:
            for _ in range(section.varint()):
                key = section.take(8).hex()
                decoded["names"][key] = (section.text(), section.text())
        elif kind == 9:
            decoded["processes"] = processes(section)
        elif kind == 13:
            for _ in range(section.varint()):
                decoded["processes"][section.text()]["aheadMs"] = None
        elif kind == 10:
            for _ in range(section.varint()):
                decoded["failures"].append((section.take(8).hex(), section.take(8).hex(), section.varint()))
        elif kind == 11:
            for _ in range(section.varint()):
                worker = section.text()
                decoded["exceptions"].append((worker, section.take(8).hex(), section.take(8).hex(), section.varint()))
        elif kind == 12:
            for _ in range(section.varint()):
                key = section.take(8).hex()
                decoded["texts"][key] = section.text()
        else:
            raise AssertionError("a section of type %d" % kind)
        assert section.done
    return decoded


def samples(records):
    """All samples, in their order; a repeated record counts once."""
    return [sample(body) for _, kind, body in sorted(set(records)) if kind == 2]


def _known(decoded, field):
    found = {}
    for one in decoded:
        found.update(one[field])
    return found


def totals(records):
    """{(method, name): [requests, failures]} of all samples."""
    decoded = samples(records)
    names, counts = _known(decoded, "names"), {}
    for one in decoded:
        for _, deltas in one["parts"]:
            for key, delta in deltas.items():
                known = counts.setdefault(names[key], [0, 0])
                known[0] += delta["requests"]
                known[1] += delta["failures"]
    return counts


def failures(records):
    """{(method, name, error): count} of all samples."""
    decoded = samples(records)
    names, texts, counts = _known(decoded, "names"), _known(decoded, "texts"), {}
    for one in decoded:
        for key, error, count in one["failures"]:
            kind = names[key] + (texts[error],)
            counts[kind] = counts.get(kind, 0) + count
    return counts


def exceptions(records):
    """{(message, traceback): count} of all samples."""
    decoded = samples(records)
    texts, counts = _known(decoded, "texts"), {}
    for one in decoded:
        for _, message, traceback, count in one["exceptions"]:
            kind = texts[message], texts[traceback]
            counts[kind] = counts.get(kind, 0) + count
    return counts


def parsed(records, kind):
    return [json.loads(body.decode("utf-8")) for _, found, body in sorted(set(records)) if found == kind]
