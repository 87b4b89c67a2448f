"""What tests run: a target that counts requests, a receiver that can be down, a Locust master and two workers."""
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import decode

GREETING_BYTES = 22
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

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


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True


class Service(object):
    """An HTTP server in a thread; ``answer(handler, body)`` returns status and bytes."""

    port = 0

    def open(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = service.answer(self, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                if service.one_answer_each:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    one_answer_each = False

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Target(Service):
    """Counts a request when it arrives; /slow answers after ``slow_seconds``."""

    slow_seconds = 3

    def __init__(self):
        self.counts = Counter()
        self.runs = set()
        self.lock = threading.Lock()
        self.open()

    def answer(self, handler, _):
        with self.lock:
            self.counts[(handler.command, handler.path)] += 1
            self.runs.add(handler.headers.get("run"))
        if handler.path == "/slow":
            time.sleep(self.slow_seconds)
        return (500 if handler.path == "/broken" else 200), b"ok"


class Receiver(Service):
    """
    Answers with the given statuses and ``body``, then with 200; keeps the accepted batches. ``open`` after ``close`` uses the
    same port.
    """

    # A keep-alive connection would stay open after ``close``.
    one_answer_each = True

    def __init__(self, *statuses, **more):
        self.statuses = list(statuses)
        self.body = more.get("body", b"{}")
        self.taken = []
        self.asked = 0
        # The tokens of the plugins that have asked whether they are welcome.
        self.greeted = []
        self.refusing = False
        self.registered = []
        self.limits = {}
        self.commands = []
        self.unknown = []
        self.open()

    def answer(self, handler, body):
        if handler.path.endswith("/samples") and len(body) == GREETING_BYTES:
            self.greeted.append(handler.headers.get("X-Locust-Token"))
            return (401 if self.refusing else 200), b"{}"
        self.asked += 1
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            return status, self.body
        if handler.path.endswith("/register-external"):
            self.registered.append(json.loads(body.decode()))
            return 200, json.dumps(dict(self.limits, runId="external-%d" % len(self.registered))).encode()
        if handler.headers.get("Content-Encoding") == "deflate":
            body = zlib.decompress(body)
        taken = decode.batch(body)
        self.taken.append(taken)
        last = max(seq for seq, _, _ in taken["records"])
        answer = {"acknowledgedSeq": last, "unknownIds": self.unknown, "commands": self.commands}
        return 200, json.dumps(answer).encode()

    def seqs(self):
        return [seq for taken in self.taken for seq, _, _ in taken["records"]]


def until(what, check, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        seen = check()
        if seen:
            return seen
        time.sleep(0.1)
    raise AssertionError("%s did not happen within %s s" % (what, seconds))


class Locust(object):
    def __init__(self, folder, receiver_url, script=SCRIPT, attached_workers=False, **env):
        """``attached_workers``: they have no run folder, so that they do not see the master's process."""
        self.folder = folder
        self.worker_env = {"LOAD_MANAGER_RUN_DIR": ""} if attached_workers else {}
        self.processes = []
        with open(os.path.join(folder, "locustfile.py"), "w") as file:
            file.write(script)
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": folder,
            "PYTHONPATH": PACKAGE,
            "PYTHONDONTWRITEBYTECODE": "1",
            "LOAD_MANAGER_RUN_DIR": folder,
            "LOAD_MANAGER_URL": receiver_url,
            "LOAD_MANAGER_TOKEN": "secret",
        }
        self.env.update(env)
        self.start_master(0)
        for worker in ("worker-1", "worker-2"):
            self.add_worker(worker)
        until("two workers", lambda: len([w for w in self.status()["workers"] if w["state"] == "ready"]) == 2)

    def start_master(self, master_port):
        listen = ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(master_port)]
        self.launch("master", ["--master"] + listen + ["--web-host", "127.0.0.1", "--web-port", "0"])
        ports = until("the master's ports", self.ports)
        self.master_port = ports["masterPort"]
        self.base = "http://127.0.0.1:%d" % ports["webPort"]

    def restart_master(self):
        """Kills it, and starts another one that listens for workers at the same address."""
        self.processes[0].kill()
        self.processes[0].wait()
        os.remove(os.path.join(self.folder, "master.json"))
        self.start_master(self.master_port)

    def launch(self, role, args, module="load_manager_locust"):
        log = open(os.path.join(self.folder, role + ".log"), "w")
        command = [sys.executable, "-m", module, "-f", "locustfile.py"] + args
        env = dict(self.env, LOAD_MANAGER_ROLE=role, **({} if role == "master" else self.worker_env))
        self.processes.append(subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log))
        log.close()

    def add_worker(self, role, module="load_manager_locust"):
        """``module`` "locust": a worker without the plugin."""
        self.launch(role, ["--worker", "--master-host", "127.0.0.1", "--master-port", str(self.master_port)], module)

    def log(self, role):
        with open(os.path.join(self.folder, role + ".log")) as file:
            return file.read()

    def ports(self):
        try:
            with open(os.path.join(self.folder, "master.json")) as file:
                content = json.load(file)
        except (OSError, ValueError):
            return None
        return content if "webPort" in content else None

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
        command = dict(
            runId="run-1",
            fence=3,
            users=6,
            spawnRate=6,
            host=target.url,
            durationSeconds=60,
            stopTimeoutSeconds=5,
            urls=[],
            token="secret",
        )
        command.update(more)
        return self.ask("/load-manager/start", command)

    def stop_at_locust(self):
        """Locust's own Stop: GET up to 2.46, POST from 2.47."""
        if self.ask("/stop", form="")[0] == 405:
            assert self.ask("/stop")[0] == 200

    def ended(self):
        return until("the end", lambda: (lambda run: run if run["phase"] == "ended" else None)(self.status()["run"]))

    def close(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


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
    expect_failures_add_up(records)


def expect_failures_add_up(records):
    """The list of failures adds up to the failures of each endpoint."""
    listed = {}
    for (method, name, _), count in decode.failures(records).items():
        listed[(method, name)] = listed.get((method, name), 0) + count
    assert listed == {key: failed for key, (_, failed) in decode.totals(records).items() if failed}
