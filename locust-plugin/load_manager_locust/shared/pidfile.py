"""``<role>.json`` in the run's folder: the server finds this process again by it. Imports nothing of Locust."""
import json
import os


def start_ticks(pid):
    """When a process began, in kernel ticks since the machine's boot; ``None``: it is gone, or this is not Linux."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return int(file.read().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def machine_boot_id():
    """Linux's id of this boot of the machine; ``None`` elsewhere."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return None


def write(run_dir, role, extra=None):
    """Writes the file completely or not at all; ``extra``: further fields. Raises OSError."""
    content = {"pid": os.getpid(), "startTicks": start_ticks(os.getpid()), "bootId": machine_boot_id(), "role": role}
    content.update(extra or {})
    path = os.path.join(run_dir, role + ".json")
    with open(path + ".part", "w") as file:
        json.dump(content, file)
    os.replace(path + ".part", path)


def is_alive(run_dir, role):
    """Whether the process of that role runs; ``True`` where the file or the system does not say."""
    try:
        with open(os.path.join(run_dir, role + ".json")) as file:
            content = json.load(file)
    except (OSError, ValueError):
        return True
    if content.get("startTicks") is None:
        return True
    return start_ticks(content["pid"]) == content["startTicks"] and not _is_zombie(content["pid"])


def _is_zombie(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return True
