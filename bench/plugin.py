"""
What the plugin costs inside Locust: CPU time of its own steps, and of a real request of FastHttpUser beside it.
plugin.py URL [FOLDER]: a web server to ask, and where the plugin is (default: this checkout's).
"""
import json
import os
import sys
import time

import locust  # noqa: F401  (first: it patches the standard library for gevent)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(HERE), "locust-plugin"))

from locust.contrib.fasthttp import FastHttpUser  # noqa: E402
from locust.env import Environment  # noqa: E402

try:
    from load_manager_locust.master.collector import Collector
    from load_manager_locust.worker.recorder import Recorder
except ImportError:
    # The module names of older checkouts, for `npm run bench -- --against`.
    from load_manager_locust.collector import Collector
    from load_manager_locust.worker import Recorder


def cpu(work, times):
    """CPU seconds of one call: the median of seven rounds."""
    rounds = []
    for _ in range(7):
        begun = time.process_time()
        for number in range(times):
            work(number)
        rounds.append((time.process_time() - begun) / times)
    return sorted(rounds)[3]


class Runner(object):
    clients = None
    user_count = 10
    exceptions = {}


class HandClock(object):
    now = 1000.0

    def __call__(self):
        return self.now

    def jumped(self):
        return 0.0


def record_cost():
    recorder = Recorder()
    names = ["/endpoint/%d" % number for number in range(100)]
    return cpu(lambda number: recorder.request("GET", names[number % 100], 12.5 + number % 97, 512, None), 100000)


def second_costs(endpoints):
    """CPU of one second with ten requests for each endpoint: the report in the worker, and its processing in the master."""
    clock = HandClock()
    recorder = Recorder(endpoints + 1, clock)
    sent = []
    collector = Collector(Runner(), lambda kind, body: sent.append(body), lambda *_: None, lambda *_: None, endpoints + 1, clock)
    collector.begin()
    add_report = getattr(collector, "add_report", None) or collector.report
    reporting, collecting = [], []
    for _ in range(7):
        for number in range(endpoints * 10):
            recorder.request("GET", "/endpoint/%d" % (number % endpoints), 5 + number % 200, 512, None)
        clock.now += 1
        begun = time.process_time()
        part = recorder.report()
        reporting.append(time.process_time() - begun)
        begun = time.process_time()
        add_report("worker-1", {"lm": part, "stats": [], "errors": {}})
        collector.tick()
        collecting.append(time.process_time() - begun)
    return sorted(reporting)[3], sorted(collecting)[3]


def request_cost(url):
    """CPU of a request of FastHttpUser with Locust's own statistics."""
    class Visitor(FastHttpUser):
        host = url

    environment = Environment(user_classes=[Visitor])
    environment.create_local_runner()
    client = Visitor(environment).client
    return cpu(lambda _: client.get("/"), 500)


record = record_cost()
report, collect = second_costs(1000)
print(json.dumps({"record": record, "report": report, "collect": collect, "request": request_cost(sys.argv[1])}))
