"""The status of a master and its run, as PROTOCOL.md describes it."""
import time

from ..shared import compat
from ..shared.version import PROTOCOL
from .run import ENDED
from .script_settings import SUPPORTED


def status_of(controller):
    run = controller.run
    sender = controller.sender
    return dict(
        controller.identity(),
        protocol=PROTOCOL,
        settings=SUPPORTED,
        fence=controller.commands.fence,
        wallMs=int(time.time() * 1000),
        state=controller.runner.state,
        userCount=controller.runner.user_count,
        master=_master_status(run),
        workers=[_worker_status(run, node) for node in compat.workers_of(controller.runner)],
        run=None if run is None else _run_status(run),
        spool={
            "records": sum(len(outbox.pending) for outbox in sender.outboxes),
            "bytes": sum(outbox.pending_bytes for outbox in sender.outboxes),
            "acknowledgedSeq": 0 if run is None else run.outbox.acknowledged_seq,
            "lastError": sender.last_error,
        },
    )


def _master_status(run):
    """Only during a run does the master measure itself."""
    cpu, memory = (None, None) if run is None else run.collector.processes.of_master()
    return {"cpu": cpu, "memory": memory or None}


def _worker_status(run, node):
    if run is None:
        cpu, memory, ahead_ms = compat.cpu_percent(node), compat.memory_bytes(node), None
    else:
        cpu, memory = run.collector.processes.of_worker(node)
        ahead_ms = run.collector.clock_offsets.ahead_ms(node.id)
    return {
        "id": node.id,
        "state": node.state,
        "users": node.user_count,
        "cpu": cpu,
        "memory": int(memory) or None,
        "clockAheadMs": ahead_ms,
    }


def _run_status(run):
    collector = run.collector
    offsets = collector.clock_offsets.seconds
    return {
        "runId": run.run_id,
        "fence": run.fence,
        "phase": run.phase,
        "external": run.external,
        "targetUsers": run.target_users,
        "spawnRate": run.spawn_rate,
        "loadStartedAtMs": run.load_started_ms,
        "testStartedAtMs": run.test_started_ms,
        "stopIssuedAtMs": run.stop_issued_ms,
        "endedAtMs": run.ended_ms,
        "stopCause": run.stop_cause,
        "deadlineAtMs": run.deadline_ms,
        "nowMs": run.now_ms(),
        "requests": collector.requests,
        "failures": collector.failures,
        "cutOffUsers": collector.cut_off if run.phase == ENDED else None,
        "finalSeq": run.final_seq,
        "workersLost": list(run.worker_monitor.lost_ids),
        "saturated": run.worker_monitor.saturated_processes(),
        "clockOffsets": [{"worker": process, "seconds": seconds} for process, seconds in offsets.items()],
        "usersDied": collector.users_died,
        "usersLeft": collector.users_left,
        "scriptError": collector.error_tally.script_error(),
        "shapeError": run.profile.error,
        "autoStop": run.auto_stop.evidence,
    }
