"""Brings outboxes to the server: one batch in flight, the oldest first, again until it is stored."""
import logging
import time
import zlib

import gevent
import requests
from gevent.event import Event

logger = logging.getLogger("load_manager")

BATCH_BYTES = 256 * 1024
# The few seconds of a usual batch fit into some packets; compressing them costs more than it saves.
COMPRESS_FROM_BYTES = 16 * 1024
EVERY_SECONDS = 1.0
LONGEST_PAUSE = 5.0
TIMEOUT = (3, 10)
SAMPLES = "/v1/internal/locust/samples"
REGISTER = "/v1/internal/locust/register-external"


class Sender(object):
    """``on_answer(outbox, answer)`` gets the server's answers: names that it misses, commands."""

    def __init__(self, urls, token, on_answer):
        self.urls = list(urls)
        self.token = token
        self.on_answer = on_answer
        self.outboxes = []
        self.last_error = None
        self.wake = Event()
        self.session = requests.Session()
        self.session.trust_env = False

    def start(self):
        gevent.spawn(self._run)

    def attach(self, urls, token):
        self.urls = [url.rstrip("/") for url in urls] or self.urls
        self.token = token if token is not None else self.token
        self.wake.set()

    def _run(self):
        pause = EVERY_SECONDS
        while True:
            self.wake.wait(pause)
            self.wake.clear()
            try:
                pause = EVERY_SECONDS if self.send_all() else min(LONGEST_PAUSE, pause * 2)
            except Exception:
                logger.exception("figures could not be sent; they are kept")
                pause = LONGEST_PAUSE

    def send_all(self):
        """Sends what there is; ``False`` where the server could not take it just now."""
        for outbox in list(self.outboxes):
            while True:
                batch = outbox.next_batch(BATCH_BYTES)
                if batch is None:
                    break
                if not self._send(outbox, *batch):
                    return False
            if outbox.is_done:
                self.outboxes.remove(outbox)
        return True

    def _send(self, outbox, last, data):
        headers = {"Content-Type": "application/vnd.load-manager.batch"}
        if len(data) > COMPRESS_FROM_BYTES:
            packed = zlib.compress(data, 1)
            if len(packed) < 0.8 * len(data):
                data = packed
                headers["Content-Encoding"] = "deflate"
        response = self.post(SAMPLES, data=data, headers=headers)
        if response is None:
            return False
        if response.status_code < 300:
            self.last_error = None
            outbox.acknowledge(last)
            self._answered(outbox, response)
            return True
        self.last_error = "%d %s" % (response.status_code, response.text[:300])
        if response.status_code == 410:
            logger.warning("Load Manager does not want the figures of this run any more: %s", response.text[:300])
            outbox.acknowledge(outbox.last_seq)
            return True
        if response.status_code in (400, 413):
            logger.error("Load Manager cannot read a batch; it is set aside: %s", response.text[:300])
            outbox.quarantine(last)
            return True
        logger.warning("Load Manager did not take the figures; they are kept: %s", self.last_error)
        return False

    def _answered(self, outbox, response):
        try:
            self.on_answer(outbox, response.json())
        except Exception:
            logger.exception("the server's answer could not be followed")

    def post(self, path, **kwargs):
        """The first address that answers; ``None`` where none does. It is then tried first."""
        kwargs["headers"] = dict(kwargs.get("headers") or {}, **{"X-Locust-Token": self.token})
        for index, url in enumerate(list(self.urls)):
            try:
                response = self.session.post(url + path, timeout=TIMEOUT, allow_redirects=False, **kwargs)
            except requests.RequestException as error:
                self.last_error = str(error)[:300]
                continue
            if index > 0:
                self.urls = self.urls[index:] + self.urls[:index]
            return response
        return None

    def flush(self, seconds):
        """A last try before the process ends."""
        deadline = time.monotonic() + seconds
        with gevent.Timeout(seconds, False):
            while time.monotonic() < deadline and any(outbox.pending for outbox in self.outboxes):
                if not self.send_all():
                    gevent.sleep(0.2)
