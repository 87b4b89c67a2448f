"""CPU of the Timescale listener of locust-plugins in a worker for each request: its event, and writing the rows.

argv: host, port, user of a PostgreSQL whose database "postgres" may be written to. Prints {"request": seconds of CPU}.
"""
import json
import os
import sys
import time
from types import SimpleNamespace

import locust  # noqa: F401  (first: it patches the standard library for gevent)
from locust.env import Environment  # noqa: E402
from locust_plugins.listeners.timescale import Timescale  # noqa: E402

TABLE = """CREATE TABLE request (time timestamptz NOT NULL, run_id timestamptz, greenlet_id int, loadgen text, name text,
request_type text, response_time double precision, success int, testplan text, response_length int, exception text,
pid int, url text, context jsonb)"""

host, port, user = sys.argv[1:4]
environment = Environment()
environment.parsed_options = SimpleNamespace(
    pghost=host, pgport=port, pguser=user, pgpassword="", pgdatabase="postgres"
)
environment._run_id = None
listener = Timescale(environment)
listener._background.kill()
listener._testplan = "bench"
listener.dbconn = listener._dbconn()
with listener.dbcursor() as cursor:
    cursor.execute(TABLE)
rounds = []
for _ in range(7):
    begun = time.process_time()
    # The requests of half a second, the interval between two writes of a busy worker.
    for number in range(1000):
        listener.on_request("GET", "/endpoint/%d" % (number % 100), 12.5, 512, None, {}, start_time=time.time(), url="/")
    samples, listener._samples = listener._samples, []
    listener.write_samples_to_db(samples)
    rounds.append((time.process_time() - begun) / 1000)
print(json.dumps({"request": sorted(rounds)[3]}))
sys.stdout.flush()
os._exit(0)
