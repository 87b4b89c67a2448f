"""The script's own options, by the parser of the real Locust."""
import json
import os
import subprocess
import sys

import pytest

import harness

# gevent patches a process when it imports Locust: each check is one of its own.
PROGRAM = """
import json, sys
import locust
from load_manager_locust.shared import compat, script_options

@locust.events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--word", default="w")
    parser.add_argument("--whole", type=int, default=1)
    parser.add_argument("--ratio", type=float)
    parser.add_argument("--needed", required=True)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--no-verify", dest="verify", action="store_false")
    parser.add_argument("--loud", action="count", default=0)
    parser.add_argument("--kind", choices=["new", "used"])
    parser.add_argument("--sizes", nargs="+", type=int)
    parser.add_argument("--also", action="append")
    parser.add_argument("--really", type=bool, default=False)
    parser.add_argument("--read", type=lambda text: {"true": 1, "false": 0}[text])
    parser.add_argument("--odd", type=lambda text: object())
    parser.add_argument("--pin", type=int).is_secret = True
    parser.add_argument_group("more").add_argument("--grouped")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--left")
    either.add_argument("--right")
    # Locust 2.12.1 cannot mark secrets: every text may be one there, and a refusal does not repeat it.
    for action in parser._actions:
        if action.dest in ("read", "left", "right"):
            action.is_secret = False

answers = []
for values in json.loads(sys.argv[1]):
    try:
        answers.append(script_options.parse(compat.full_parser(), values))
    except script_options.OptionRefused as refused:
        answers.append([refused.name, str(refused)])
print("ANSWERS" + json.dumps(answers, default=lambda value: type(value).__name__))
"""


def parsed(*values):
    env = {"PYTHONPATH": harness.PACKAGE, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    output = subprocess.check_output([sys.executable, "-c", PROGRAM, json.dumps(values)], env=env).decode()
    return json.loads(output.split("ANSWERS")[1])


def test_values_are_what_a_command_line_would_give():
    given = [
        ({"word": "-a b=c"}, {"word": "-a b=c"}),
        ({"word": 5}, {"word": "5"}),
        ({"whole": 5, "ratio": "0.5"}, {"whole": 5, "ratio": 0.5}),
        ({"fast": True, "verify": False, "loud": 2}, {"fast": True, "verify": False, "loud": 2}),
        ({"fast": False, "verify": True, "loud": 0}, {"fast": False, "verify": True, "loud": 0}),
        ({"kind": "used", "sizes": ["1", "2"], "also": ["-x", "y"]}, {"kind": "used", "sizes": [1, 2], "also": ["-x", "y"]}),
        ({"really": False}, {"really": False}),
        ({"really": True, "read": True}, {"really": True, "read": 1}),
        ({"grouped": "", "left": "l"}, {"grouped": "", "left": "l"}),
    ]
    assert parsed(*[values for values, _ in given]) == [expected for _, expected in given]


@pytest.mark.parametrize(
    "values, name, text",
    [
        ({"wrd": "x"}, "wrd", "is no option that the script adds; it has also, fast, grouped"),
        ({"users": 5}, "users", "is an option of Locust, which the run itself decides."),
        ({"web-port": 5}, "web-port", "is an option of Locust"),
        ({"whole": "many"}, "whole", "argument --whole: invalid int value: 'many'"),
        ({"kind": "old"}, "kind", "invalid choice: 'old'"),
        ({"fast": "yes"}, "fast", "must be true or false."),
        ({"loud": "very"}, "loud", "must be a whole number."),
        ({"word": ["a"], "sizes": ["x"]}, "sizes", "invalid int value: 'x'"),
        ({"read": "maybe"}, "read", "KeyError"),
        ({"word": {"a": 1}}, "word", "must be a text, a number, true, false, or a list of them."),
        ({"left": "l", "right": "r"}, None, "not allowed with argument"),
    ],
)
def test_what_the_script_does_not_take_is_refused(values, name, text):
    [[refused, message]] = parsed(values)
    assert refused == name
    assert text in message


def test_a_refusal_does_not_tell_a_secret():
    [[name, message]] = parsed({"pin": "geheim"})
    assert (name, message) == ("pin", "was refused by the script's own rules.")


OUTLINE = """
import argparse, os
from locust import HttpUser, LoadTestShape, TaskSet, events, tag, task
from common.users import Base

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--category", default="books", help="what is looked at")
    parser.add_argument("--kind", choices=["new", "used"], required=True)
    parser.add_argument("--page", type=int, default=3)
    parser.add_argument("--ids", nargs="*", default=["a"])
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--key", default="geheim").is_secret = True
    try:
        parser.add_argument("--marked", choices=["a"], default="a", is_secret=True)
    except TypeError:
        # Locust 2.12.1 does not know it.
        parser.add_argument("--marked", choices=["a"], default="a")

class Reader(Base):
    host = "http://shop"
    @tag("quick")
    @task(3)
    def home(self): pass
    @task
    class Cart(TaskSet):
        @tag("deep")
        @task
        def open(self): pass

class Payer(Base):
    weight = 0
    fixed_count = 2

class Steps(LoadTestShape):
    def tick(self): return None

print("x" * 100000, flush=True)
%s
"""


def outline(tmp_path, more=""):
    script = tmp_path / "script"
    (script / "common").mkdir(parents=True)
    (script / "common" / "__init__.py").write_text("")
    (script / "common" / "users.py").write_text("from locust import HttpUser\nclass Base(HttpUser):\n    abstract = True\n")
    (script / "locustfile.py").write_text(OUTLINE % more)
    env = {"PYTHONPATH": harness.PACKAGE, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1", "PATH": os.environ["PATH"]}
    result = str(tmp_path / "outline.json")
    command = [sys.executable, "-m", "load_manager_locust.outline", "locustfile.py", result]
    subprocess.run(command, env=env, cwd=str(script), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(result) as file:
        return json.load(file)


def test_the_outline_of_a_script(tmp_path):
    answer = outline(tmp_path)
    assert answer["problems"] == []
    found = answer["found"]
    assert found["userClasses"] == [
        {
            "name": "Reader", "weight": 1, "fixedCount": 0, "host": "http://shop",
            "tasks": [{"name": "home", "weight": 3, "tags": ["quick"]}, {"name": "Cart", "weight": 1, "tags": ["deep"]}],
        },
        {"name": "Payer", "weight": 0, "fixedCount": 2, "tasks": []},
    ]
    assert (found["shapeClasses"], found["tags"]) == (["Steps"], ["deep", "quick"])
    options = {option.pop("name"): option for option in found["options"]}
    assert set(options) == {"category", "kind", "page", "ids", "fast", "key", "marked"}
    # A text may be a secret where the script cannot say so.
    texts_are_secret = options["category"]["secret"]
    assert texts_are_secret == (found["locustVersion"] == "2.12.1")
    assert options["category"]["help"] == "what is looked at"
    assert options["category"].get("default") == (None if texts_are_secret else "books")
    assert options["kind"] == {
        "flags": ["--kind"], "type": "choice", "choices": ["new", "used"], "required": True, "secret": False
    }
    assert options["page"] == {
        "flags": ["--page"], "type": "number", "whole": True, "default": 3, "required": False, "secret": False
    }
    assert (options["ids"]["type"], options["ids"]["multiple"]) == ("text", True)
    assert (options["fast"]["type"], options["fast"]["default"]) == ("boolean", False)
    assert options["marked"]["secret"] == (not texts_are_secret)
    assert options["key"]["secret"] and "default" not in options["key"]


def test_the_help_of_an_option_is_shown_as_argparse_shows_it(tmp_path):
    more = """
from locust import events
@events.init_command_line_parser.add_listener
def more_options(parser):
    parser.add_argument("--depth", type=int, default=4, help="how deep, %(default)s by default, 100%% at most")
    parser.add_argument("--api-key", default="k-123", help="is %(default)s")
    parser.add_argument("--share", type=int, default=1, help="50% of it")
"""
    found = outline(tmp_path, more)["found"]
    texts = {option["name"]: option.get("help") for option in found["options"]}
    assert texts["depth"] == "how deep, 4 by default, 100% at most"
    # Locust 2.12.1 cannot mark secrets, so a text counts as one.
    is_secret = [option["secret"] for option in found["options"] if option["name"] == "api_key"][0]
    assert texts["api_key"] == ("is ***" if is_secret else "is k-123")
    assert texts["share"] == "50% of it"


@pytest.mark.parametrize(
    "more, message",
    [
        ("raise ValueError('bad')", "ValueError: bad"),
        ("import sys\nsys.exit(3)", "The script ends Python while it is imported (SystemExit: 3)"),
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("x = [0] * (1 << 40)", "MemoryError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_what_a_script_raises_is_told_with_its_line(tmp_path, more, message):
    answer = outline(tmp_path, more)
    line = OUTLINE[: OUTLINE.index("%s")].count("\n") + more.count("\n") + 1
    assert answer == {"problems": [{"file": "locustfile.py", "line": line, "message": message}]}


def test_a_copy_of_the_process_writes_nothing(tmp_path):
    answer = outline(tmp_path, "if os.fork() == 0:\n    raise ValueError('in the copy')")
    assert answer["problems"] == []


def test_what_a_listener_raises_is_told(tmp_path):
    more = "@events.init_command_line_parser.add_listener\ndef bad(parser):\n    parser.add_argument('--users')"
    answer = outline(tmp_path, more)
    [problem] = answer["problems"]
    assert problem["file"] == "locustfile.py"
    assert "conflicting option string" in problem["message"]
    assert len(answer["found"]["options"]) == 7
