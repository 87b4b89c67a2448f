"""Rules that group endpoints: what a pattern matches, how a worker counts, and which rules a run proposes."""
import time
import uuid

import pytest
from test_recorder import counted, errors

from load_manager_locust.master import group_proposal, locust_reports
from load_manager_locust.master.group_proposal import GroupProposal, proposed_rules
from load_manager_locust.shared import messages, wire
from load_manager_locust.shared.endpoint_groups import EndpointGroups
from load_manager_locust.worker.recorder import MAX_REMEMBERED, Recorder


@pytest.mark.parametrize("pattern, matching, others", [
    ("/products/*", ["/products/17", "/products/17?x=1", "/products/a b", "/products/é", "/products/1\n2"],
     ["/products/", "/products", "/products/17/", "/products/17/reviews", "/products/17?back=/", "x/products/17"]),
    ("/users/*/orders/*", ["/users/1/orders/2"], ["/users//orders/2", "/users/1/orders", "/users/1/2/orders/3"]),
    ("/search?q=*", ["/search?q=a", "/search?q=a&page=2"], ["/search", "/searchXq=a", "/search?q="]),
    ("/item-*.html", ["/item-17.html", "/item-a.html.html"], ["/item-.html", "/item-17.htm", "/item-17xhtml"]),
    ("/files/**", ["/files/", "/files/a", "/files/a/b?c=/d"], ["/files", "/file/a"]),
    ("/a*b*c", ["/axbxc", "/abbbc", "/axbbxcc"], ["/abc", "/ab/c", "/axbxcd", "/axb/xc"]),
    ("/a*/b*c", ["/ax/bxc", "/a1/b2c"], ["/a/bxc", "/ax/y/bxc", "/ax/bc"]),
    ("/a*b**", ["/axb", "/axb/c"], ["/ab", "/a/b"]),
    ("/a*b*/**", ["/axbbx/", "/axbx/y/z"], ["/axb/", "/axbx"]),
    (r"/2\*3", ["/2*3"], ["/2x3", r"/2\*3"]),
    (r"/a\\*", ["/a\\x"], ["/ax", "/a\\", "/a*"]),
    (r"/a\b", [r"/a\b"], ["/ab"]),
    ("/plain", ["/plain"], ["/plain/", "/Plain", "/plain\n"]),
    ("*", ["x", "?"], ["", "/", "a/b"]),
    ("**", ["", "x", "/a/b"], []),
])
def test_a_pattern_is_compared_with_the_whole_name(pattern, matching, others):
    groups = EndpointGroups([{"pattern": pattern, "name": "group"}])
    assert [name for name in matching + others if groups.name_of("GET", name) == "group"] == matching


def test_the_first_rule_counts_and_a_method_is_compared_without_case():
    groups = EndpointGroups([
        {"pattern": "/products/top"},
        {"pattern": "/products/*", "method": "get", "name": "Product"},
        {"pattern": "/products/*"},
    ])
    names = [groups.name_of(method, name) for method, name in (
        ("GET", "/products/top"), ("GET", "/products/1"), ("get", "/products/1"), ("POST", "/products/1"), ("GET", "/cart"),
    )]
    assert names == ["/products/top", "Product", "Product", "/products/*", "/cart"]


@pytest.mark.parametrize("rules", [
    [{}], [{"pattern": ""}], [{"pattern": 5}], [{"pattern": "/a", "name": 5}], [{"pattern": "/**/a"}], [{"pattern": "***"}],
    [{"pattern": "/a"}] * 101,
])
def test_malformed_rules_are_refused(rules):
    with pytest.raises((KeyError, TypeError, ValueError)):
        EndpointGroups(rules)


def test_many_stars_take_no_longer_than_a_few():
    groups = EndpointGroups([{"pattern": "*a" * 240 + "b"}])
    began = time.monotonic()
    assert groups.name_of("GET", "a" * 100000) == "a" * 100000
    assert time.monotonic() - began < 1


def test_names_with_ids_fill_neither_the_endpoints_nor_the_memory():
    recorder = Recorder(max_endpoints=3)
    recorder.set_run("key:1", groups=EndpointGroups([{"pattern": "/products/*"}]))
    for number in range(2 * MAX_REMEMBERED):
        recorder.request("GET", "/products/%d" % number, 5, 1, ValueError("sold out") if number % 10 == 0 else None)
    recorder.request("POST", "/products/1", 5, 1)
    recorder.request("GET", "/products/1" + "0" * 5000, 5, 1)
    recorder.request("GET", "/cart", 5, 1)
    taken = recorder.take(final=True)
    many = 2 * MAX_REMEMBERED
    assert counted(taken) == {
        ("GET", "/products/*"): [many + 1, many // 10, 0, many + 1],
        ("POST", "/products/*"): [1, 0, 0, 1],
        ("GET", "/cart"): [1, 0, 0, 1],
    }
    assert errors(taken) == {("/products/*", "ValueError('sold out')"): many // 10}
    assert len(recorder.remembered) <= MAX_REMEMBERED and len(recorder.endpoint_ids) == 3


def test_a_name_that_is_also_a_group_is_grouped_by_its_own_rule():
    recorder = Recorder()
    recorder.set_run("key:1", groups=EndpointGroups([{"pattern": "/a/*", "name": "/b/1"}, {"pattern": "/b/*"}]))
    for name in ("/a/1", "/b/1", "/b/2", "/a/2"):
        recorder.request("GET", name, 5, 1)
    found = counted(recorder.take(final=True))
    assert {name: numbers[0] for (_, name), numbers in found.items()} == {"/b/1": 2, "/b/*": 2}


def test_without_rules_names_beyond_the_limit_are_not_remembered_for_ever():
    recorder = Recorder(max_endpoints=2)
    for number in range(MAX_REMEMBERED + 100):
        recorder.request("GET", "/%d" % number, 5, 1)
    assert len(recorder.remembered) <= MAX_REMEMBERED
    assert counted(recorder.take(final=True))[("", "(other)")][0] == MAX_REMEMBERED + 98


def test_what_was_counted_before_the_run_was_named_is_grouped_too():
    recorder = Recorder()
    for number in range(6):
        recorder.request("GET", "/products/%d" % (number % 3), None if number == 0 else 5 + number, 1, ValueError("late") if number > 3 else None)
    recorder.request("GET", "/cart", 5, 1)
    recorder.set_run("key:1", True, EndpointGroups([{"pattern": "/products/*"}]))
    recorder.request("GET", "/products/9", 5, 1)
    taken = recorder.take(final=True)
    assert counted(taken) == {("GET", "/products/*"): [7, 2, 1, 7], ("GET", "/cart"): [1, 0, 0, 1]}
    assert errors(taken) == {("/products/*", "ValueError('late')"): 2}


def test_the_next_run_has_its_own_rules():
    recorder = Recorder()
    recorder.set_run("key:1", groups=EndpointGroups([{"pattern": "/products/*"}]))
    recorder.request("GET", "/products/1", 5, 1)
    recorder.set_run("key:2")
    recorder.request("GET", "/products/1", 5, 1)
    assert counted(recorder.take(final=True)) == {("GET", "/products/1"): [1, 0, 0, 1]}


def test_the_message_about_a_run_has_its_rules():
    rules = [{"pattern": "/products/*", "name": "Product", "method": "GET"}]
    payload = messages.run_message("run-1", "key:1", None, False, EndpointGroups(rules))
    assert messages.run_of(payload).groups.name_of("GET", "/products/1") == "Product"
    assert "endpointGroups" not in messages.run_message("run-1", "key:1", None, False, EndpointGroups())


def test_locusts_own_reports_are_grouped_too():
    groups = EndpointGroups([{"pattern": "/products/*"}])
    entry = lambda name, number, failures: {
        "method": "GET", "name": name, "num_requests": number, "num_failures": failures, "response_times": {5: number},
        "min_response_time": 5, "max_response_time": 5, "total_response_time": 5 * number,
    }
    data = {
        "stats": [entry("/products/1", 2, 1), entry("/products/2", 3, 2), entry("/cart", 1, 0)],
        "errors": {"a": {"method": "GET", "name": "/products/1", "error": "late", "occurrences": 1}},
    }
    endpoints = locust_reports.endpoints_of(data, groups)
    assert {name: (delta.requests, delta.failures) for _, name, delta in endpoints} == {"/products/*": (5, 3), "/cart": (1, 0)}
    failures = locust_reports.failures_of(data, endpoints, groups)
    assert failures[("GET", "/products/*")] == {"late": 1, locust_reports.UNLISTED: 2}


def of(template, values, method="GET"):
    return [(method, template % value) for value in values]


NUMBERS = range(1, 121)
UUIDS = [str(uuid.UUID(int=number * 7919 ** 9)) for number in NUMBERS]
HASHES = ["%040x" % (number * 7919 ** 11) for number in NUMBERS]
WORDS = ["word-%s" % chr(97 + number // 26) + chr(97 + number % 26) for number in range(60)]
REAL = [("GET", "/"), ("GET", "/cart"), ("POST", "/cart"), ("GET", "/products"), ("GET", "/v1/orders"), ("GET", "/v2/orders")]


@pytest.mark.parametrize("endpoints, expected", [
    (of("/products/%d", NUMBERS), [("/products/*", ["GET"], 120)]),
    (of("/products/%s", UUIDS), [("/products/*", ["GET"], 120)]),
    (of("/blobs/%s/meta", HASHES), [("/blobs/*/meta", ["GET"], 120)]),
    (of("/search?q=%s&page=1", WORDS), [("/search?q=*&page=*", ["GET"], 60)]),
    (of("/search?page=%d&sort=name", NUMBERS), [("/search?page=*&sort=name", ["GET"], 120)]),
    (of("/blog/%s", WORDS), [("/blog/*", ["GET"], 60)]),
    ([("GET", "/users/%d/orders/%d" % (one, 7 * one)) for one in NUMBERS], [("/users/*/orders/*", ["GET"], 120)]),
    (of("/p/%d", NUMBERS) + of("/p/%d", range(60), "DELETE"), [("/p/*", ["DELETE", "GET"], 180)]),
    (of("/p/%d", NUMBERS) + of("/o/%d", range(1, 51)), [("/p/*", ["GET"], 120), ("/o/*", ["GET"], 50)]),
    (of("https://shop.example/a*b/%d", NUMBERS), [(r"https://shop.example/a\*b/*", ["GET"], 120)]),
    (of("/p/%d", range(1, 50)), []),
    ([("GET" if one % 2 else "POST", "/p/%d" % one) for one in range(1, 99)], []),
    (of("/%s", WORDS), []),
    (of("/%d", NUMBERS), []),
    (of("/api/%s/list", WORDS[:49]), []),
    ([], []),
])
def test_names_that_differ_in_one_part_get_a_rule(endpoints, expected):
    rules = proposed_rules(endpoints + REAL)
    assert rules == expected
    groups = EndpointGroups([{"pattern": pattern} for pattern, _, _ in rules])
    grouped = {(method, groups.name_of(method, name)) for method, name in endpoints}
    assert len(grouped) == (sum(len(methods) for _, methods, _ in rules) or len(set(endpoints)))
    assert {(method, groups.name_of(method, name)) for method, name in REAL} == set(REAL)


def test_a_full_list_of_endpoints_is_looked_through_at_once():
    endpoints = [("GET", "/%s/%s?q=%s&r=%s" % (one, word, word[::-1], HASHES[one])) for one in range(100) for word in WORDS[:10]]
    began = time.monotonic()
    proposed_rules(endpoints)
    assert time.monotonic() - began < 1


def test_a_run_proposes_once_and_looks_only_at_new_names():
    events, known = [], {}
    proposal = GroupProposal(known, lambda *event: events.append(event))
    add = lambda endpoints: known.update({wire.endpoint_id(*one): one for one in endpoints})
    proposal.look(100)
    add(of("/products/%d", NUMBERS))
    proposal.look(105)
    assert events == []
    add(of("/orders/%d", NUMBERS))
    proposal.look(100 + group_proposal.LOOK_SECONDS)
    assert events == [(
        "endpoint_groups_proposed",
        "240 endpoints differ only in a part of their name; group them as GET /orders/*, GET /products/*.",
        {"proposal": [{"pattern": "/orders/*"}, {"pattern": "/products/*"}]},
    )]
    add(of("/users/%d", NUMBERS))
    proposal.look(200)
    proposal.look(300, is_last=True)
    assert len(events) == 1


def test_a_short_run_proposes_at_its_end():
    events = []
    known = {wire.endpoint_id(*one): one for one in of("/products/%d", NUMBERS)}
    proposal = GroupProposal(known, lambda *event: events.append(event))
    proposal.look(100)
    proposal.look(103, is_last=True)
    assert [kind for kind, _, _ in events] == ["endpoint_groups_proposed"]
