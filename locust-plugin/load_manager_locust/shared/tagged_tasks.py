"""Tags of tasks, which another run may choose anew: Locust alone filters the tasks of a process once and for good."""
import logging

from . import compat

logger = logging.getLogger("load_manager")


def _holders(classes):
    """[(User class or TaskSet, its tasks)], with all that is nested."""
    found, rest = {}, list(classes)
    while rest:
        holder = rest.pop()
        if id(holder) not in found:
            found[id(holder)] = holder, holder.tasks
            rest.extend(task for task in holder.tasks if hasattr(task, "tasks"))
    return list(found.values())


def _restore(holders):
    for holder, tasks in holders:
        holder.tasks = tasks


def tags_of(classes):
    """Every tag of a task of these User classes."""
    tasks = [task for _, tasks in _holders(classes) for task in tasks]
    return {tag for task in tasks for tag in getattr(task, "locust_tag_set", ())}


def classes_without_tasks(classes, tags, exclude_tags):
    """The names of the User classes that would have no task left. ``None``: no such tags."""
    holders = _holders(classes)
    had_tasks = [user_class for user_class in classes if user_class.tasks]
    try:
        for user_class in had_tasks:
            compat.take_out_tasks(user_class, tags, exclude_tags)
        return [user_class.__name__ for user_class in had_tasks if not user_class.tasks]
    finally:
        _restore(holders)


def install(environment):
    """Lets Locust filter the tasks at each start, by the tags of that start. Returns what takes the last filter back."""
    filter_once = environment._filter_tasks_by_tags
    filtered = []

    def restore():
        _restore(filtered)
        del filtered[:]

    def filter_tasks():
        try:
            restore()
            options = environment.parsed_options
            has_tags = getattr(options, "tags", None) or getattr(options, "exclude_tags", None)
            if has_tags or environment.tags is not None or environment.exclude_tags is not None:
                filtered.extend(_holders(environment.user_classes))
                environment._tasks_filtered = False
        except Exception:
            logger.exception("the tasks of an earlier run's tags could not be restored")
        filter_once()

    environment._filter_tasks_by_tags = filter_tasks
    return restore
