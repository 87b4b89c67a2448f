"""The settings of a run that its script needs: User classes, tags and the script's own options. They are applied before load begins and taken back after it."""
from ..shared import compat, script_options, tagged_tasks, texts
from ..shared.endpoint_groups import EndpointGroups
from .refused import setting_refused

# What the status says of this plugin, so that a server does not send an older one what it would ignore.
SUPPORTED = ("userClasses", "includeTags", "excludeTags", "scriptOptions", "endpointGroups", "loadProfile")
_ABSENT = object()
# How many names a refusal lists.
MAX_LISTED = 30


class RunSettings(object):
    """By a start of the server. Raises KeyError, TypeError or ValueError where the payload is malformed."""

    def __init__(self, payload):
        # [(name, weight or ``None``, fixed count or ``None``)]
        self.classes = [
            (_text(one["name"]), _count(one.get("weight")), _count(one.get("fixedCount")))
            for one in payload.get("userClasses") or []
        ]
        self.include_tags = [_text(tag) for tag in payload.get("includeTags") or []]
        self.exclude_tags = [_text(tag) for tag in payload.get("excludeTags") or []]

        # The workers apply them while they count; the script knows nothing of them.
        self.endpoint_groups = EndpointGroups(payload.get("endpointGroups") or ())
        options = payload.get("scriptOptions") or {}
        # {name: text, number, boolean, or list of texts}
        self.options = {_text(name): options[name] for name in options}
        self._hidden_options = [_text(name) for name in payload.get("hiddenOptions") or []]

    @property
    def hidden_texts(self):
        """The values that are shown nowhere."""
        return [text for name in self._hidden_options if name in self.options for text in texts.texts_in(self.options[name])]

    @property
    def any_field(self):
        """The name of a setting that is given; ``None``: there is none."""
        given = (self.classes, self.include_tags, self.exclude_tags, self.options, self.endpoint_groups.rules)
        return next((name for name, value in zip(SUPPORTED, given) if value), None)


class ScriptSettings(object):
    def __init__(self, environment):
        self.environment = environment
        self._restore_tasks = tagged_tasks.install(environment)
        # [(object, attribute, its value before or ``_ABSENT``)]
        self._before = []

    def apply(self, settings):
        """Raises Refused where a setting does not fit the script; nothing is changed then."""
        self.restore()
        texts.hide_for_run(settings.hidden_texts)
        try:
            if settings.options:
                self._set_options(settings)
            classes = self._chosen_classes(settings)
            if settings.include_tags or settings.exclude_tags:
                _check_tags(classes, settings)
                self._set_tags(settings)
            if settings.classes:
                self._set(self.environment, "user_classes", classes)
        except Exception:
            self.restore()
            raise

    def restore(self):
        for owner, name, value in reversed(self._before):
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
        del self._before[:]
        self._restore_tasks()

    def _set(self, owner, name, value):
        # A class inherits what it does not have itself.
        self._before.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def _chosen_classes(self, settings):
        """With the weights and counts of the run; without a choice those that Locust was started with."""
        if not settings.classes:
            return list(self.environment.user_classes)
        known = compat.available_user_classes(self.environment)
        chosen = []
        for index, (name, weight, fixed_count) in enumerate(settings.classes):
            user_class = known.get(name)
            if user_class is None:
                message = "The script has no User class %s; it has %s." % (name, _listed(known))
                raise setting_refused("userClasses[%d].name" % index, message)
            if weight is not None:
                self._set(user_class, "weight", weight)
                self._set(user_class, "fixed_count", 0)
            if fixed_count is not None:
                self._set(user_class, "fixed_count", fixed_count)
            if not user_class.weight > 0 and not user_class.fixed_count > 0:
                message = "The User class %s has the weight 0 in the script: give it a weight or a fixedCount." % name
                raise setting_refused("userClasses[%d].weight" % index, message)
            chosen.append(user_class)
        return chosen

    def _set_tags(self, settings):
        # Locust's master sends both to all workers with each spawn.
        options = self.environment.parsed_options
        if options is None:
            raise setting_refused(settings.any_field, "This Locust has no options, so that its workers cannot be given tags.")
        if settings.include_tags:
            self._set(options, "tags", settings.include_tags)
        if settings.exclude_tags:
            self._set(options, "exclude_tags", settings.exclude_tags)

    def _set_options(self, settings):
        # Locust's master sends them to all workers with each spawn.
        options = self.environment.parsed_options
        if options is None:
            raise setting_refused("scriptOptions", "This Locust has no options.")
        try:
            parsed = script_options.parse(compat.full_parser(), settings.options)
        except script_options.OptionRefused as refused:
            field = "scriptOptions" if refused.name is None else "scriptOptions.%s" % refused.name
            raise setting_refused(field, texts.without_hidden("%s %s" % (field, refused)))
        for name, value in parsed.items():
            if not compat.can_be_sent(value):
                field = "scriptOptions.%s" % name
                message = "%s cannot be sent to workers: Locust has no way for a value of the type %s."
                raise setting_refused(field, message % (field, type(value).__name__))
            self._set(options, name, value)


def _check_tags(classes, settings):
    """Locust itself would start the load, and fail to make users of a class without tasks."""
    known = tagged_tasks.tags_of(classes)
    for index, tag in enumerate(settings.include_tags):
        if tag not in known:
            message = "No task of the run's User classes has the tag %s; there is %s." % (tag, _listed(known))
            raise setting_refused("includeTags[%d]" % index, message)
    empty = tagged_tasks.classes_without_tasks(classes, set(settings.include_tags) or None, set(settings.exclude_tags) or None)
    if empty:
        field = "includeTags" if settings.include_tags else "excludeTags"
        message = "With these tags no task is left in %s: choose other tags, or leave such classes out with userClasses."
        raise setting_refused(field, message % _listed(empty))


def _listed(names):
    names = sorted(names)
    more = ", and %d more" % (len(names) - MAX_LISTED) if len(names) > MAX_LISTED else ""
    return (", ".join(names[:MAX_LISTED]) or "none") + more


def _text(value):
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _count(value):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number of at least 1")
    return value
