"""Files in the run's folder by which the server finds this process again. Imports nothing of Locust."""
import json
import os


def start_ticks(pid):
    """When a process began, in kernel ticks since boot; ``None`` where it is gone or this is not Linux."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return int(file.read().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def boot_id():
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return None


def write(run_dir, role, more=None):
    """Writes ``<role>.json`` whole or not at all."""
    told = {"pid": os.getpid(), "startTicks": start_ticks(os.getpid()), "bootId": boot_id(), "role": role}
    told.update(more or {})
    path = os.path.join(run_dir, role + ".json")
    with open(path + ".part", "w") as file:
        json.dump(told, file)
    os.replace(path + ".part", path)


def is_alive(run_dir, role):
    """Does the process of that role run? ``True`` where it cannot be told."""
    try:
        with open(os.path.join(run_dir, role + ".json")) as file:
            told = json.load(file)
    except (OSError, ValueError):
        return True
    if told.get("startTicks") is None:
        return True
    return start_ticks(told["pid"]) == told["startTicks"] and not _is_zombie(told["pid"])


def _is_zombie(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return True
