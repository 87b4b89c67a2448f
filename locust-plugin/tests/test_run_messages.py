"""The master's message that names the run, and its version."""
import os

import decode
from harness import SCRIPT, Locust, expect_totals, received
from load_manager_locust.shared import messages
from load_manager_locust.worker.run_messages import RunMessages

# The master imports the script too.
OTHER_MASTER = SCRIPT + """
import sys
if "--master" in sys.argv:
    from load_manager_locust.shared import messages
    messages.VERSION += 1
"""


def read(reader, payload):
    run = reader.read(payload)
    return run.id, run.key, run.seconds_left, run.load_started


def test_what_the_master_sends_is_read():
    assert read(RunMessages(), messages.run_message("run-1", "key:1", None, False)) == ("run-1", "key:1", None, False)
    assert read(RunMessages(), messages.run_message(None, "key:1", 2.5, True)) == (None, "key:1", 2.5, True)


def test_another_version_is_refused_and_logged_once(caplog):
    payload = messages.run_message("run-1", "key:1", 2.5, True)
    without = {name: payload[name] for name in payload if name != "v"}
    for refused in (dict(payload, v=messages.VERSION + 1), without, None, "text"):
        caplog.clear()
        reader = RunMessages()
        assert [read(reader, refused) for _ in range(2)] == [(None, None, None, False)] * 2
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "reads version %d" % messages.VERSION in caplog.text and "same version of the plugin" in caplog.text


def test_workers_that_refuse_the_masters_message_are_counted_and_have_no_run_id(tmp_path, target, receiver):
    locust = Locust(str(tmp_path), receiver.url, OTHER_MASTER)
    try:
        assert locust.start(target, durationSeconds=2)[0] == 200
        assert locust.ended()["stopCause"] == "deadline"
        records = received(receiver, "run-1")
        expect_totals(target, records)
        differs = [event for event in decode.parsed(records, 3) if event["type"] == "plugin_version_differs"]
        assert len({event["data"]["worker"] for event in differs}) == len(differs) == 2
        # The script sends "None" where it finds no id; requests to /broken have no such header.
        assert target.runs == {"None", None}
        for role in ("worker-1", "worker-2"):
            with open(os.path.join(locust.folder, role + ".log")) as file:
                assert file.read().count("sends its run in version 4") == 1
    finally:
        locust.close()
