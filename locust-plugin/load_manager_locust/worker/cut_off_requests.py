"""Counts requests that the stop timeout cuts off: Locust records them nowhere, though the target may have answered them."""
import gevent


def install(recorder):
    """Wraps the send functions of Locust's HTTP clients; each cut-off request is counted by the recorder."""
    from locust.clients import HttpSession
    from locust.contrib.fasthttp import FastHttpSession

    for session in (HttpSession, FastHttpSession):
        original = getattr(session, "_send_request_safe_mode", None)
        if original is None or getattr(original, "_load_manager", False):
            continue
        setattr(session, "_send_request_safe_mode", _counting(original, recorder))


def _counting(original, recorder):
    def send(self, *args, **kwargs):
        try:
            return original(self, *args, **kwargs)
        except gevent.GreenletExit:
            recorder.add_cut_off()
            raise

    send._load_manager = True
    return send
