"""The texts of a run's errors and exceptions: samples name them by id, and each is sent with its first sample."""
from ..shared import texts, wire


class TextRegistry(object):
    def __init__(self):
        # {text id: text}
        self.known = {texts.OTHER_TEXT_ID: texts.OTHER_TEXT}
        self.sent = set()
        # {text id: text}: what the next sample has to bring.
        self.unsent = {}

    def add(self, key, text):
        self.known.setdefault(key, text)

    def add_text(self, text):
        """Returns its id."""
        key = texts.text_id(text)
        self.add(key, text)
        return key

    def use(self, key):
        """A sample names this id."""
        if key not in self.sent and key in self.known:
            self.sent.add(key)
            self.unsent[key] = self.known[key]

    def resend(self, keys):
        for key in keys:
            if key in self.known:
                self.unsent[key] = self.known[key]

    def section(self):
        """The encoded texts that have not been sent; empty if there are none."""
        unsent, self.unsent = self.unsent, {}
        return wire.texts_section(list(unsent.items())) if unsent else b""
