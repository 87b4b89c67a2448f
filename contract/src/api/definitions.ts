/** The definitions of all metrics: in answers, in live streams and in recentRuns. The documentation page shows them. */
export const DEFINITIONS: readonly { readonly term: string; readonly text: string }[] = [
  {
    term: "Second of a request",
    text: "The second in which it completed, on its worker's clock, shifted by whole seconds to the master's. An offset over 1 s is recorded as an event. Workers report just after each second.",
  },
  {
    term: "Requests",
    text: "Include failures. A request that the stop timeout cuts off is not recorded, though the target may have received it; an event of the run says how many there were.",
  },
  {
    term: "Load time",
    text: "From the first user spawned to the stop being issued. A rate is the number of requests completed in the overlap of the window and the load time, divided by the length of that overlap. Requests that complete after the stop count in totals only.",
  },
  {
    term: "Ramp-up",
    text: "Is included. phase=steady leaves it out: only seconds count in which as many users run as targeted.",
  },
  {
    term: "Points of a chart",
    text: "A rate is requests divided by the seconds covered. The second in progress is not shown. The partial first and last seconds count in totals, but in no rate, maxRps or minRps; these two are over single whole seconds, however wide the points are. A point without samples is null, never interpolated.",
  },
  {
    term: "errorRate",
    text: "100 × failures ÷ requests of the same window, in percent; null without requests.",
  },
  {
    term: "Latency",
    text: "The response time that the script reported to Locust, failures included. responses=ok or responses=failed selects; average, minimum and maximum then come from the histogram.",
  },
  {
    term: "Requests without a time",
    text: "Count as requests, but in no average, minimum, maximum or percentile; timedRequests counts the requests with a time.",
  },
  {
    term: "Percentile p",
    text: "The value at rank ⌈p·n⌉ of the merged histogram: its bucket's midpoint, clamped to the window's minimum and maximum. percentileError states how far it can be off: 0.8 % for the plugin's histograms, 5 % and 0.5 ms where Locust's own statistics were merged. A percentile over fewer than 1/(1−p) values is given, and named in lowCount.",
  },
  {
    term: "All endpoints",
    text: "Merges the requests of all endpoints, not their stats: a changed mix of endpoints changes it, though no endpoint has changed.",
  },
  {
    term: "Users",
    text: "currentUsers is the number of users of the live workers at the end of the second, or of the point's last second; targetUsers is the number last commanded.",
  },
  {
    term: "Snapshot",
    text: "Is cumulative. Only totalRps is over the last 10 closed seconds, and falls to 0 without new requests.",
  },
  {
    term: "Offered load",
    text: "Locust's users wait for each response: a slow target lowers the load. Latencies are not corrected for that (coordinated omission).",
  },
];

/** What all operations have in common: formats, lists, headers, errors. The documentation page shows it. */
export const FORMATS: readonly { readonly term: string; readonly text: string }[] = [
  {
    term: "Authentication",
    text: "`Authorization: Bearer <token>`, with a token of security.apiToken or security.apiTokens. Callbacks from inside Locust send `X-Locust-Token`. Probes need none, and a server without tokens asks for none but accepts requests from its own machine only. In a browser `POST /v1/session` sets a cookie instead. An object that the caller may not see is the same 404 as one that does not exist; one that it may see, but lacks the permission to change, is a 403. Each operation names its permission, and `GET /v1/me` what you may do.",
  },
  {
    term: "Times",
    text: "In answers ISO 8601 in UTC with milliseconds, such as `2026-11-23T10:15:30.123Z`. In queries and bodies ISO 8601 with any offset, or Unix milliseconds.",
  },
  {
    term: "Units",
    text: "Latencies and measured durations are milliseconds, named `…Ms`. Durations that somebody sets are seconds, named `…Seconds` or `…Sec`. `errorRate` is in percent, 0 to 100.",
  },
  {
    term: "Absent and null",
    text: "Load tests, runs and scripts leave an absent optional field out. In answers with metrics a value that cannot be known is null. In a PATCH null clears an optional field, and a field left out keeps its value. An unknown field of a request is a 400 that names it.",
  },
  {
    term: "Lists",
    text: "`limit` (1 to 200, default 50), `cursor` and `sort` (`-` before the field descends); the answer is `{ items, nextCursor }`. Without nextCursor it was the last page. A list does not repeat or skip items when others are added or deleted.",
  },
  {
    term: "Percentiles",
    text: '`percentiles=90,99.9` adds `percentiles: { "90": …, "99.9": … }` in ms. Every answer with percentiles has `percentileError: { relative, absoluteMs }`, the bound of what was merged, or null with `percentileSource: "locust"` where they are Locust\'s own. `lowCount` names percentiles over too few values.',
  },
  {
    term: "Versions",
    text: "`ETag` is the object's version. A change with `If-Match` is made only if that is still the version, and otherwise a 412.",
  },
  {
    term: "Repeated requests",
    text: "A POST with an `Idempotency-Key` is carried out once in 24 hours: a repeat gets the same answer with `Idempotency-Replayed: true`, another request with the key a 422, and a repeat while the first is in progress a 409.",
  },
  {
    term: "Streams",
    text: "Server-sent events. Each has an id; `Last-Event-ID` resumes after it, on any server. The stream of an ended run ends with `end`.",
  },
  {
    term: "Errors",
    text: "`application/problem+json` (RFC 9457). Programs test `type`, which never changes; `detail` says what to do, `errors` names every invalid field, `requestId` finds the request in the server's log, as does the header `X-Request-Id` of every answer.",
  },
  {
    term: "Methods",
    text: "HEAD works wherever GET does. A method that a path does not have is a 405, and `Allow` names those that it has.",
  },
];
