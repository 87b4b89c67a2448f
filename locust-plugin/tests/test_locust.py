"""The plugin inside a real Locust: one master, two workers, a target that counts, a receiver that can be down."""
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import decode
import pytest

from conftest import PACKAGE
from test_outbox import Receiver

SCRIPT = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task(3)
    def quick(self):
        self.client.get("/quick", headers={"run": str(self.environment.load_manager_run_id)})

    @task
    def broken(self):
        self.client.post("/broken", name="/broken")
"""


class Target(object):
    def __init__(self):
        self.counts = Counter()
        self.runs = set()
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                target.counts[(self.command, self.path)] += 1
                target.runs.add(self.headers.get("run"))
                self.send_response(500 if self.path == "/broken" else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Server(ThreadingMixIn, HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def until(what, look, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise AssertionError("%s did not happen within %s s" % (what, seconds))


class Locust(object):
    def __init__(self, folder, receiver_url):
        self.folder = folder
        self.processes = []
        with open(os.path.join(folder, "locustfile.py"), "w") as file:
            file.write(SCRIPT)
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": folder,
            "PYTHONPATH": PACKAGE,
            "PYTHONDONTWRITEBYTECODE": "1",
            "LOAD_MANAGER_RUN_DIR": folder,
            "LOAD_MANAGER_URL": receiver_url,
            "LOAD_MANAGER_TOKEN": "secret",
        }
        ports = ["--master-bind-host", "127.0.0.1", "--master-bind-port", "0", "--web-host", "127.0.0.1", "--web-port", "0"]
        self.launch("master", ["--master"] + ports)
        told = until("the master's ports", self.ports)
        self.base = "http://127.0.0.1:%d" % told["webPort"]
        for worker in ("worker-1", "worker-2"):
            self.launch(worker, ["--worker", "--master-host", "127.0.0.1", "--master-port", str(told["masterPort"])])
        until("two workers", lambda: len([w for w in self.status()["workers"] if w["state"] == "ready"]) == 2)

    def launch(self, role, args):
        log = open(os.path.join(self.folder, role + ".log"), "w")
        command = [sys.executable, "-m", "load_manager_locust", "-f", "locustfile.py"] + args
        self.processes.append(
            subprocess.Popen(command, cwd=self.folder, env=dict(self.env, LOAD_MANAGER_ROLE=role), stdout=log, stderr=log)
        )
        log.close()

    def ports(self):
        try:
            with open(os.path.join(self.folder, "master.json")) as file:
                told = json.load(file)
        except (OSError, ValueError):
            return None
        return told if "webPort" in told else None

    def ask(self, path, body=None, token="secret", form=None, method=None):
        data = json.dumps(body).encode() if body is not None else form.encode() if form is not None else None
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read().decode())
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            return error.code, json.loads(text) if text.startswith("{") else text

    def status(self):
        return self.ask("/load-manager/status")[1]

    def start(self, target, **more):
        order = dict(
            runId="run-1",
            attempt=1,
            fence=3,
            users=6,
            spawnRate=6,
            host=target.url,
            durationSeconds=60,
            stopTimeoutSeconds=5,
            urls=[],
            token="secret",
            useShape=False,
        )
        order.update(more)
        return self.ask("/load-manager/start", order)

    def ended(self):
        return until("the end", lambda: (lambda run: run if run["phase"] == "ended" else None)(self.status()["run"]))

    def close(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture
def target():
    made = Target()
    yield made
    made.close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def locust(tmp_path, receiver):
    made = Locust(str(tmp_path), receiver.url)
    yield made
    made.close()


def received(receiver, run):
    records = until(
        "the final record",
        lambda: (lambda all: all if any(kind == 5 for _, kind, _ in all) else None)(
            [record for taken in list(receiver.taken) if taken["runId"] == run for record in taken["records"]]
        ),
    )
    seqs = sorted({seq for seq, _, _ in records})
    assert seqs == list(range(1, len(seqs) + 1))
    return records


def expect_totals(target, records):
    totals = decode.totals(records)
    assert {key: count for key, (count, _) in totals.items()} == dict(target.counts)
    assert totals[("POST", "/broken")][0] == totals[("POST", "/broken")][1]


def test_a_managed_run_from_start_to_end(locust, target, receiver):
    assert locust.ask("/load-manager/status", token="wrong")[0] == 401
    assert locust.ask("/load-manager/start", {"runId": "run-1"})[0] == 400
    assert locust.start(target)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    # The same order again is the same start; an older fence, another run and a stranger are refused.
    assert locust.start(target)[0] == 200
    assert locust.start(target, fence=2)[1]["error"] == "stale_fence"
    assert locust.start(target, runId="run-2")[1]["error"] == "busy"
    status, refused = locust.ask("/swarm", form="user_count=1&spawn_rate=1")
    assert (status, refused["runId"]) == (409, "run-1")
    assert locust.ask("/load-manager/users", {"runId": "run-1", "fence": 4, "users": 9, "spawnRate": 9})[0] == 200
    until("nine users", lambda: locust.status()["userCount"] == 9)
    if locust.ask("/stop", form="")[0] == 405:
        locust.ask("/stop")
    run = locust.ended()
    assert run["stopCause"] == "locust_ui" and run["workersLost"] == []
    records = received(receiver, "run-1")
    expect_totals(target, records)
    (final,) = decode.parsed(records, 5)
    assert final["requests"] == sum(target.counts.values())
    assert (final["workersExpected"], final["workersReported"], final["cutOffUsers"]) == (2, 2, 0)
    assert target.runs == {"run-1", None}


def test_the_deadline_holds_and_nothing_is_lost_while_the_receiver_is_down(locust, target, receiver):
    receiver.statuses = [503] * 4
    begun = time.time()
    assert locust.start(target, durationSeconds=4)[0] == 200
    run = locust.ended()
    assert run["stopCause"] == "deadline"
    assert 4 <= (run["stopIssuedAtMs"] - run["testStartedAtMs"]) / 1000.0 < 5
    assert time.time() - begun < 12
    expect_totals(target, received(receiver, "run-1"))


def test_a_stop_in_ramp_up_leaves_no_user(locust, target, receiver):
    assert locust.start(target, users=100, spawnRate=4)[0] == 200
    until("some users", lambda: locust.status()["userCount"] > 5)
    assert locust.ask("/load-manager/stop", {"runId": "run-1", "fence": 3})[0] == 200
    assert locust.ended()["stopCause"] == "manager"
    before = dict(target.counts)
    time.sleep(2)
    assert dict(target.counts) == before and locust.status()["userCount"] == 0
    expect_totals(target, received(receiver, "run-1"))


def test_a_lost_worker_is_told_and_its_last_report_is_missing(locust, target, receiver):
    assert locust.start(target, durationSeconds=9)[0] == 200
    until("requests", lambda: (locust.status()["run"] or {}).get("requests", 0) > 50)
    locust.processes[2].kill()
    until("the loss", lambda: len(locust.status()["run"]["workersLost"]) == 1, 10)
    assert locust.ended()["stopCause"] == "deadline"
    records = received(receiver, "run-1")
    (final,) = decode.parsed(records, 5)
    assert (final["workersReported"], final["workersLost"]) == (1, 1)
    assert "worker_lost" in [event["type"] for event in decode.parsed(records, 3)]


def test_workers_end_when_their_master_is_killed(locust):
    locust.processes[0].kill()
    locust.processes[0].wait()
    until("the workers' end", lambda: all(process.poll() is not None for process in locust.processes), 10)
