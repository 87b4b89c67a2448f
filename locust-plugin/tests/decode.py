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
    assert reader.take(4) == b"LMB\x02"
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


def sample(body):
    reader = Reader(body)
    decoded = {"parts": [], "names": {}}
    while not reader.done:
        kind = reader.take(1)[0]
        section = Reader(reader.take(reader.varint()))
        if kind == 1:
            decoded["second"] = section.varint()
        elif kind == 2:
            decoded["users"] = (section.varint(), section.varint())
        elif kind == 4:
            worker = section.text()
            decoded["parts"].append((worker, part(section)))
        elif kind == 5:
            for _ in range(section.varint()):
                key = section.take(8).hex()
                decoded["names"][key] = (section.text(), section.text())
    return decoded


def totals(records):
    """{(method, name): [requests, failures]} of all samples; a repeated record counts once."""
    names, counts = {}, {}
    for _, kind, body in sorted(set(records)):
        if kind != 2:
            continue
        decoded = sample(body)
        names.update(decoded["names"])
        for _, deltas in decoded["parts"]:
            for key, delta in deltas.items():
                known = counts.setdefault(key, [0, 0])
                known[0] += delta["requests"]
                known[1] += delta["failures"]
    return {names[key]: count for key, count in counts.items()}


def parsed(records, kind):
    return [json.loads(body.decode("utf-8")) for _, found, body in sorted(set(records)) if found == kind]
