"""
Work in a child process whose descendants all end with it, whatever their sessions, groups and environments. Linux gives the orphans
among them to this process, which can so find them; elsewhere only the child is ended.
"""
import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
# What may not be ended, such as a program of another user, does not hold this process up for longer.
END_SECONDS = 2.0


class _Ended(Exception):
    pass


def _become_subreaper():
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except Exception:
        # Not on Linux.
        pass


def _children():
    """The children of each process."""
    found = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return found
    for name in names:
        try:
            with open("/proc/%d/stat" % int(name), "rb") as file:
                # The name before the last bracket may hold anything.
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        found.setdefault(parent, []).append(int(name))
    return found


def _descendants():
    children, found = _children(), []
    wanted = list(children.get(os.getpid(), ()))
    while wanted:
        pid = wanted.pop()
        found.append(pid)
        wanted.extend(children.get(pid, ()))
    return found


def _end_all(child):
    """``child``: 0 where it has ended."""
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until:
        # The next round finds what is forked during this one.
        for pid in _descendants() if os.path.isdir("/proc/self") else [child] if child else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _end_as(status):
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        # SIGKILL has no handler.
        pass
    os.kill(os.getpid(), number)


def run(work, seconds):
    """
    Calls ``work`` in a child, for ``seconds`` at most or until a SIGTERM, and ends all that is left of it. Does not return: this
    process ends as the child did.
    """

    def ended(*_):
        raise _Ended()

    _become_subreaper()
    _on_end(ended)
    status, child = int(signal.SIGKILL), 0
    try:
        child = os.fork()
        if child == 0:
            _on_end(signal.SIG_DFL)
            work()
            os._exit(0)
        signal.alarm(seconds)
        status = os.waitpid(child, 0)[1]
        child = 0
    except _Ended:
        pass
    _on_end(signal.SIG_IGN)
    _end_all(child)
    _end_as(status)


def _on_end(handler):
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, handler)
