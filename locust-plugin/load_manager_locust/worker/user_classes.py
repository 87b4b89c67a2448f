"""The master chooses the User classes of a run; a worker makes users of any class that the script has."""
from ..shared import compat


def install(environment):
    """Locust leaves classes of the weight 0 out, and a run may give them a weight."""
    here = set(environment.user_classes_by_name)
    available = compat.available_user_classes(environment)
    environment.user_classes.extend(available[name] for name in sorted(available) if name not in here)
