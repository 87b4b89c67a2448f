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
from locust.exception import CatchResponseError  # noqa: E402

try:
    from load_manager_locust.master.collector import Collector
    from load_manager_locust.worker.recorder import Recorder
except ImportError:
    # The module names of older checkouts, for `npm run bench -- --against`.
    from load_manager_locust.collector import Collector
    from load_manager_locust.worker import Recorder

try:
    from load_manager_locust.shared import messages
    from load_manager_locust.worker.metrics_messages import payloads_of
except ImportError:
    # Until protocol 3 the metrics were in Locust's own report.
    payloads_of = None


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
    state = "running"
    user_count = 10
    exceptions = {}


class HandClock(object):
    now = 1000.0

    def __call__(self):
        return self.now

    def jumped(self):
        return 0.0


def record_cost(errors):
    """``errors``: of the requests, in turn."""
    recorder = Recorder()
    names = ["/endpoint/%d" % number for number in range(100)]
    size = len(errors)

    def record(number):
        recorder.request("GET", names[number % 100], 12.5 + number % 97, 512, errors[number % size])

    return cpu(record, 100000)


def http_errors():
    """An object for each failure, as Locust makes them, and five texts."""
    return [CatchResponseError("500 Server Error: Internal Server Error for url: /%d" % (number % 5)) for number in range(1000)]


def steps_of(recorder, collector):
    """(make the report of a second, have the master read it)"""
    if payloads_of is None:
        add_report = getattr(collector, "add_report", None) or collector.report
        return recorder.report, lambda report: add_report("worker-1", {"lm": report, "stats": [], "errors": {}})
    number = [0]
    recorder.set_run("run:1")

    def report():
        payloads = payloads_of(recorder.take(), "run:1", {"users": {"Visitor": 10}, "cpu": 50.0, "memory": 10**8}, False)
        for payload in payloads:
            number[0] += 1
            payload["number"] = number[0]
        return payloads

    def collect(payloads):
        for payload in payloads:
            collector.add_message("worker-1", messages.Metrics(payload))

    return report, collect


def second_costs(endpoints):
    """CPU of one second with ten requests for each endpoint: the report in the worker, and its processing in the master."""
    clock = HandClock()
    recorder = Recorder(endpoints + 1, clock)
    sent = []
    collector = Collector(Runner(), lambda kind, body: sent.append(body), lambda *_: None, lambda *_: None, endpoints + 1, clock)
    collector.begin()
    report, collect = steps_of(recorder, collector)
    reporting, collecting = [], []
    for _ in range(7):
        for number in range(endpoints * 10):
            recorder.request("GET", "/endpoint/%d" % (number % endpoints), 5 + number % 200, 512, None)
        clock.now += 1
        begun = time.process_time()
        reported = report()
        reporting.append(time.process_time() - begun)
        begun = time.process_time()
        collect(reported)
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


costs = {"record": record_cost([None]), "recordFailed": record_cost(http_errors()), "request": request_cost(sys.argv[1])}
costs["report"], costs["collect"] = second_costs(1000)
print(json.dumps(costs))
