"""What a master tells of itself and its run; see PROTOCOL.md."""
import time

from ..shared import compat


def of(control):
    run = control.run
    return dict(
        control.versions,
        protocol=1,
        boot=control.boot.hex(),
        fence=control.fence,
        wallMs=int(time.time() * 1000),
        state=control.runner.state,
        userCount=control.runner.user_count,
        workers=[
            {
                "id": node.id,
                "state": node.state,
                "users": node.user_count,
                "cpu": getattr(node, "cpu_usage", 0) or 0,
            }
            for node in compat.workers_of(control.runner)
        ],
        run=None if run is None else run.status(),
        spool={
            "records": sum(len(outbox.pending) for outbox in control.sender.outboxes),
            "bytes": sum(outbox.pending_bytes for outbox in control.sender.outboxes),
            "acknowledgedSeq": 0 if run is None else run.outbox.acknowledged,
            "lastError": control.sender.last_error,
        },
    )
