"""Texts that scripts make, with hidden values taken out."""
import pytest
from load_manager_locust.shared import settings, texts


@pytest.fixture(autouse=True)
def nothing_hidden_afterwards():
    yield
    texts.hide([])


def test_hidden_values_are_taken_out_the_longest_first_and_before_a_text_is_cut():
    texts.hide(["secret-1", "secret-1-and-more", "yes", "first line\nsecond line"])
    text = "yes: secret-1-and-more, secret-1; second line"
    assert texts.short_text(text, 100) == "yes: ***, ***; ***"
    assert texts.short_text("x" * 95 + "secret-1-and-more", 100) == "x" * 95 + "***"
    assert texts.short_text("x" * 195 + "secret-1-and-more", 100) == "x" * 100
    assert texts.short_name("/secret-1") == "/secret-1"


def test_the_environment_names_the_variables_whose_values_are_hidden():
    environ = {"LOAD_MANAGER_HIDDEN_VARIABLES": "A,GONE,B", "A": "value of a", "B": "", "C": "shown"}
    assert settings.Settings(environ).hidden == ["value of a", ""]
    assert settings.Settings({}).hidden == []


def test_hidden_options_are_hidden_each_text_of_a_list():
    given = '{"values": {"key": ["first-key", "second-key"], "pin": 12345678, "word": "shown-word"}, "hidden": ["key", "pin"]}'
    read = settings.Settings({"LOAD_MANAGER_SCRIPT_OPTIONS": given})
    assert (read.hidden, read.hidden_options) == (["first-key", "second-key", "12345678"], ["key", "pin"])
    texts.hide(read.hidden)
    assert texts.without_hidden("first-key 12345678 shown-word") == "*** *** shown-word"


def test_values_of_a_run_are_hidden_until_the_next_run():
    texts.hide(["always-hidden"])
    texts.hide_for_run(["of-the-run"])
    assert texts.without_hidden("always-hidden of-the-run") == "*** ***"
    texts.hide_for_run([])
    assert texts.without_hidden("always-hidden of-the-run") == "*** of-the-run"
