"""
The command line options that a script adds to Locust's own, by ``init_command_line_parser``. A name is that of the value in
``environment.parsed_options``. Values come as JSON and are parsed as arguments of a command line, by the script's own rules.
"""
import logging

from . import compat

logger = logging.getLogger("load_manager")


class OptionRefused(Exception):
    """``name`` of the option, ``None``: of several together; the text follows it."""

    def __init__(self, name, message):
        super(OptionRefused, self).__init__(message)
        self.name = name


def own_actions(parser):
    """{name: the parser's actions}: those of the script. ``--verify`` and ``--no-verify`` may have one name."""
    foreign = compat.locust_option_names()
    found = {}
    for action in parser._actions:
        if action.option_strings and action.dest not in foreign and isinstance(action.dest, str):
            found.setdefault(action.dest, []).append(action)
    return found


def parse(parser, values):
    """→ {name: value as the script finds it}. Raises OptionRefused. The parser is of no use afterwards."""
    actions = own_actions(parser)
    _prepare(parser)
    for name in sorted(values):
        argv = arguments({name: values[name]}, actions)
        _parse(parser, name, argv, is_secret(actions[name]))
    parsed = _parse(parser, None, arguments(values, actions), any(is_secret(actions[name]) for name in values))
    return {name: getattr(parsed, name) for name in values}


def arguments(values, actions):
    """The values as arguments of a command line. Raises OptionRefused."""
    found = []
    for name in sorted(values):
        if name not in actions:
            raise OptionRefused(name, _unknown(name, actions))
        found.extend(_arguments_of(name, values[name], actions[name]))
    return found


def is_flag(action):
    return action.nargs == 0 and not is_count(action)


def is_count(action):
    return type(action).__name__ == "_CountAction"


def kind_of(action):
    if is_flag(action) or action.type is bool:
        return "boolean"
    if action.choices is not None:
        return "choice"
    return "number" if is_count(action) or action.type in (int, float) else "text"


def is_secret(actions):
    return any(compat.is_secret(action, kind_of(action) == "text") for action in actions)


def _unknown(name, actions):
    if name.replace("-", "_") in compat.locust_option_names():
        return "is an option of Locust, which the run itself decides."
    return "is no option that the script adds; it has %s." % (", ".join(sorted(actions)) or "none")


def _arguments_of(name, value, actions):
    if is_count(actions[0]) and isinstance(value, int) and not isinstance(value, bool):
        return [actions[0].option_strings[-1]] * value
    if actions[0].nargs == 0:
        return _flag(name, value, actions)
    option = actions[0].option_strings[-1]
    is_list = isinstance(value, list)
    parts = [_text(name, one, actions[0]) for one in (value if is_list else [value])]
    if not is_list or _is_append(actions[0]):
        return ["%s=%s" % (option, part) if option.startswith("--") else option + part for part in parts]
    return [option] + parts


def _flag(name, value, actions):
    if is_count(actions[0]):
        raise OptionRefused(name, "must be a whole number.")
    if not isinstance(value, bool):
        raise OptionRefused(name, "must be true or false.")
    for action in actions:
        for option in action.option_strings:
            if _value_of_flag(action, option) is value:
                return [option]
    if bool(actions[0].default) is value:
        return []
    raise OptionRefused(name, "cannot be %s: the script has no flag for that." % str(value).lower())


def _value_of_flag(action, option):
    if type(action).__name__ == "BooleanOptionalAction":
        return not option.startswith("--no-")
    # ``store_const`` has any value: the flag being there is what counts.
    return action.const if isinstance(action.const, bool) else True


def _is_append(action):
    return type(action).__name__ in ("_AppendAction", "_ExtendAction") and action.nargs is None


def _text(name, value, action):
    if isinstance(value, bool):
        # ``bool("false")`` is true; any other function reads a word.
        return ("true" if value else "") if action.type is bool else str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise OptionRefused(name, "must be a text, a number, true, false, or a list of them.")


class _Error(Exception):
    pass


def _require_nothing(parser):
    for action in parser._actions:
        action.required = False
    for group in parser._mutually_exclusive_groups:
        group.required = False


def _prepare(parser):
    """Options that a run does not give keep their values, required ones too; an error does not end the process."""
    parser._default_config_files = []
    _require_nothing(parser)

    def error(message):
        raise _Error(message)

    parser.error = error


def _parse(parser, name, argv, secret):
    try:
        return parser.parse_args(argv, env_vars={})
    except _Error as error:
        raise OptionRefused(name, "was refused by the script's own rules" + _why(str(error), secret))
    except (Exception, SystemExit) as error:
        raise OptionRefused(name, "was refused by the script" + _why("%s: %s" % (type(error).__name__, error), secret))


def _why(text, secret):
    # The text may have the value.
    return "." if secret else ": %s." % text.rstrip(".")


def apply_at_start(values, hidden, events):
    """
    Before Locust parses its arguments: it parses these after them, so that the script has them in ``init``. Locust parses its
    arguments again for its page, which shows them: ``hidden`` are the names of those that it is not given there.
    """
    shown = {name: value for name, value in values.items() if name not in hidden}
    rest = [values]

    def on_parser(parser, **_):
        parse_args = parser.parse_args

        def with_values(args=None, *more, **named):
            is_first = bool(rest) and not applying
            own = _accepted(rest.pop() if is_first else shown)
            if own is None or not is_first:
                _require_nothing(parser)
            own = own or []
            args = compat.command_line() if args is None else list(args)
            return parse_args(args + own, *more, **named)

        parser.parse_args = with_values

    applying = []

    def _accepted(given):
        # Values that the script refuses are left out, needed ones too: the start of the run refuses them, and says why.
        if applying:
            return None
        applying.append(True)
        try:
            parse(compat.full_parser(), given)
            return arguments(given, own_actions(compat.full_parser()))
        except OptionRefused as refused:
            logger.error("scriptOptions%s %s", "" if refused.name is None else ".%s" % refused.name, refused)
            return None
        finally:
            applying.pop()

    events.init_command_line_parser.add_listener(on_parser)
