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
