"""The master's message that names the run, and its version."""
import os

from harness import SCRIPT, Locust, expect_totals, received
from load_manager_locust.shared import messages
from load_manager_locust.worker.run_messages import RunMessages

# The master imports the script too.
OTHER_MASTER = SCRIPT + """
import sys
if "--master" in sys.argv:
    from load_manager_locust.shared import messages
    messages.RUN_VERSION += 1
"""


def test_what_the_master_sends_is_read():
    assert RunMessages().read(messages.run_message("run-1", "key:1", None)) == ("run-1", "key:1", None)
    assert RunMessages().read(messages.run_message(None, "key:1", 2.5)) == (None, "key:1", 2.5)


def test_another_version_is_refused_and_logged_once(caplog):
    payload = messages.run_message("run-1", "key:1", 2.5)
    without = {name: payload[name] for name in payload if name != "v"}
    for refused in (dict(payload, v=messages.RUN_VERSION + 1), without, None, "text"):
        caplog.clear()
        reader = RunMessages()
        assert [reader.read(refused) for _ in range(2)] == [(None, None, None)] * 2
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "reads version %d" % messages.RUN_VERSION in caplog.text and "same version of the plugin" in caplog.text


def test_workers_that_refuse_the_masters_message_are_counted_and_have_no_run_id(tmp_path, target, receiver):
    locust = Locust(str(tmp_path), receiver.url, OTHER_MASTER)
    try:
        assert locust.start(target, durationSeconds=2)[0] == 200
        assert locust.ended()["stopCause"] == "deadline"
        expect_totals(target, received(receiver, "run-1"))
        # The script sends "None" where it finds no id; requests to /broken have no such header.
        assert target.runs == {"None", None}
        for role in ("worker-1", "worker-2"):
            with open(os.path.join(locust.folder, role + ".log")) as file:
                assert file.read().count("sends its run in version 3") == 1
    finally:
        locust.close()
