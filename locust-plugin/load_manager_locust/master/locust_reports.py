"""Reads Locust's own report of a worker without the plugin: an exact difference, with response times rounded by Locust."""
from ..shared import texts, wire
from ..shared.endpoint_delta import EndpointDelta
from .error_tally import UNLISTED


def endpoints_of(data, groups):
    """[(method, name, EndpointDelta)] of a report, each endpoint once; ``groups``: EndpointGroups."""
    deltas = {}
    for entry in data.get("stats") or []:
        endpoint, delta = _endpoint_of(entry, groups), _delta_of(entry)
        if endpoint in deltas:
            deltas[endpoint].merge(delta)
        else:
            deltas[endpoint] = delta
    return [(method, name, delta) for (method, name), delta in deltas.items()]


def failures_of(data, endpoints, groups):
    """
    {(method, name): {error: count}}, which adds up to the failures of ``endpoints``: Locust counts failures whose text raises,
    and does not list them.
    """
    failures = {}
    for entry in (data.get("errors") or {}).values():
        errors = failures.setdefault(_endpoint_of(entry, groups), {})
        error = texts.short_text(_text(entry.get("error")), texts.MAX_ERROR)
        errors[error] = errors.get(error, 0) + _whole(entry.get("occurrences"))
    for method, name, delta in endpoints:
        errors = failures.setdefault((method, name), {})
        unlisted = delta.failures - sum(errors.values())
        if unlisted > 0:
            errors[UNLISTED] = unlisted
    return failures


def _endpoint_of(entry, groups):
    method, name = _given(entry.get("method")), _given(entry.get("name"))
    return texts.short_name(method), texts.short_name(groups.name_of(method, name))


def _given(value):
    return "" if value is None else str(value)


def _text(value):
    return "" if value is None else texts.short_name(str(value))


def _whole(value, scale=1):
    """Whatever a script has made of it, a whole number that can be sent."""
    try:
        return min(max(0, int(value * scale)), wire.MOST)
    except (TypeError, ValueError, OverflowError):
        return 0


def _delta_of(entry):
    """Locust does not tell failures' times apart."""
    delta = EndpointDelta()
    delta.requests = _whole(entry.get("num_requests"))
    delta.failures = _whole(entry.get("num_failures"))
    delta.no_time = _whole(entry.get("num_none_requests"))
    delta.sum_us = _whole(entry.get("total_response_time"), 1000)
    delta.min_us = _whole(entry.get("min_response_time"), 1000)
    delta.max_us = _whole(entry.get("max_response_time"), 1000)
    delta.bytes = _whole(entry.get("total_content_length"))
    for ms, count in (entry.get("response_times") or {}).items():
        # Up to 2.43 Locust's keys are floats, or text where JSON was between.
        index = _whole(float(ms)) if isinstance(ms, (int, float, str)) else 0
        delta.ok[index] = delta.ok.get(index, 0) + _whole(count)
    return delta
