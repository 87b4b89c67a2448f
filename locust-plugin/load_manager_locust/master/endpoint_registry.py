"""The endpoints of a run: at most so many, the others are counted together. Names with ids in them have no end."""
from ..shared import wire

OTHER = ("", "(other)")
OTHER_ID = wire.endpoint_id(*OTHER)


class Names(object):
    """``full()`` is called once, when the first name is folded into the others."""

    def __init__(self, most, full):
        self.most = most
        self.full = full
        self.known = {}
        self.unsent = {}
        self.folded = set()

    def take(self, key, method, name):
        """The id under which this endpoint counts."""
        if key in self.known:
            return key
        if key != OTHER_ID and len(self.known) - (OTHER_ID in self.known) >= self.most:
            if not self.folded:
                self.full()
            self.folded.add(key)
            self._add(OTHER_ID, OTHER)
            return OTHER_ID
        if key == OTHER_ID and not self.folded:
            self.full()
            self.folded.add(OTHER_ID)
        self._add(key, (method, name))
        return key

    def _add(self, key, name):
        if key not in self.known:
            self.known[key] = self.unsent[key] = name

    def of_error(self, method, name):
        """A worker that folds names itself does not tell them; Locust's errors name them all the same."""
        key = wire.endpoint_id(method, name)
        return key if key in self.known or not self.folded else OTHER_ID

    def send_again(self, keys):
        for key in keys:
            if key in self.known:
                self.unsent[key] = self.known[key]

    def section(self):
        """What has not been sent, once."""
        told = [(key,) + name for key, name in self.unsent.items()]
        self.unsent = {}
        return wire.names_section(told) if told else b""
