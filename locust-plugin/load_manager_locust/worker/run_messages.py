"""Reads the master's messages about the run, and refuses those of a master whose plugin has another version."""
import logging

from ..shared import messages

logger = logging.getLogger("load_manager")


class RunMessages(object):
    def __init__(self):
        self.refused = False

    def read(self, payload):
        """
        The run that is on, as ``messages.NamedRun``. A refused message names none, so that the worker's counts are not taken for
        those of an earlier run. Logs the first refusal: the master repeats the message.
        """
        run = messages.run_of(payload)
        if run is not None:
            self.refused = False
            return run
        if not self.refused:
            self.refused = True
            version = payload.get("v") if isinstance(payload, dict) else None
            logger.error(
                "The plugin of the master sends its run in version %s, and this worker reads version %d: the script does not "
                "find the run's id, and this worker does not stop its users by itself after the run's deadline. Install the "
                "same version of the plugin on the master and on all workers.",
                version, messages.VERSION,
            )
        return messages.NamedRun()
