"""Sends the outboxes to the server: one batch at a time, oldest first, repeated until the server has stored it."""
import logging
import time
import zlib

import gevent
import requests
from gevent.event import Event

logger = logging.getLogger("load_manager")

BATCH_BYTES = 256 * 1024
# A usual batch fits into a few packets; compressing it costs more than it saves.
COMPRESS_FROM_BYTES = 16 * 1024
PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 5.0
# To connect, and to read.
TIMEOUT_SECONDS = (3, 10)
SAMPLES = "/v1/internal/locust/samples"
REGISTER = "/v1/internal/locust/register-external"


class Sender(object):
    """
    ``urls``: the server's addresses, tried in order. ``on_answer(outbox, answer)`` gets each answer of the server to a batch,
    as a dict: endpoints whose names it does not know, and commands.
    """

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

    def set_destination(self, urls, token):
        """No urls, or ``None`` as token: what was known before stays."""
        self.urls = [url.rstrip("/") for url in urls] or self.urls
        self.token = token if token is not None else self.token
        self.wake.set()

    def _run(self):
        pause = PAUSE_SECONDS
        while True:
            self.wake.wait(pause)
            self.wake.clear()
            try:
                pause = PAUSE_SECONDS if self.send_all() else min(MAX_PAUSE_SECONDS, pause * 2)
            except Exception:
                logger.exception("metrics could not be sent; they are kept and sent again")
                pause = MAX_PAUSE_SECONDS

    def send_all(self):
        """Sends everything that is pending; ``False``: the server could not take it now, and it is kept."""
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

    def _send(self, outbox, last_seq, data):
        """``False``: try again later."""
        headers = {"Content-Type": "application/vnd.load-manager.batch"}
        if len(data) > COMPRESS_FROM_BYTES:
            compressed = zlib.compress(data, 1)
            if len(compressed) < 0.8 * len(data):
                data = compressed
                headers["Content-Encoding"] = "deflate"
        response = self.post(SAMPLES, data=data, headers=headers)
        if response is None:
            return False
        if response.status_code < 300:
            self.last_error = None
            outbox.acknowledge(last_seq)
            self._pass_on_answer(outbox, response)
            return True
        self.last_error = "%d %s" % (response.status_code, response.text[:300])
        if response.status_code == 410:
            logger.warning("Load Manager takes no more metrics of this run; they are dropped: %s", response.text[:300])
            outbox.acknowledge(outbox.last_seq)
            return True
        if response.status_code in (400, 413):
            if outbox.quarantine(last_seq):
                logger.error("Load Manager cannot read a batch of metrics; it is left out: %s", response.text[:300])
                return True
        logger.warning("Load Manager did not take the metrics; they are kept and sent again: %s", self.last_error)
        return False

    def _pass_on_answer(self, outbox, response):
        try:
            self.on_answer(outbox, response.json())
        except Exception:
            logger.exception("the server's answer to a batch could not be processed")

    def post(self, path, **kwargs):
        """
        Posts to the first address that answers, which is tried first from then on; ``kwargs`` as for ``requests``. Returns the
        response whatever its status, or ``None`` where no address answers; ``last_error`` then says why.
        """
        kwargs["headers"] = dict(kwargs.get("headers") or {}, **{"X-Locust-Token": self.token})
        for index, url in enumerate(list(self.urls)):
            try:
                response = self.session.post(url + path, timeout=TIMEOUT_SECONDS, allow_redirects=False, **kwargs)
            except requests.RequestException as error:
                self.last_error = str(error)[:300]
                continue
            if index > 0:
                self.urls = self.urls[index:] + self.urls[:index]
            return response
        return None

    def flush(self, seconds):
        """Tries for so many seconds to send what is pending, before the process ends."""
        deadline = time.monotonic() + seconds
        with gevent.Timeout(seconds, False):
            while time.monotonic() < deadline and any(outbox.pending for outbox in self.outboxes):
                if not self.send_all():
                    gevent.sleep(0.2)
