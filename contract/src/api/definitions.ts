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
    term: "Without a known time",
    text: "What is known only as a total of the run, such as the requests of hours in which no server looked at a Locust without the plugin, or what a final report has beyond what was reported during the load, counts in the whole run: summary, table of endpoints, lists, failures and, as last lines without a time, the export. It counts in no window, phase, chart or rate; untimedRequests says how much it is, gaps which part of the run, and complete is false. A run with final totals only has them everywhere, and charts without points.",
  },
  {
    term: "Locust without the plugin",
    text: "Its page shows totals, which change with the workers' reports, about every 3 s. What a change adds is spread over the seconds since the change before, at least 6, so that these become as even as they can be. A page that stands still for 6 s shows that nothing completes: 0 from the last change on. While a run lasts, its last 6 s are open, and in no chart. What is seen within 6 s after the load has ended belongs to the load. Posted snapshots are spread in the same way. An endpoint whose total has fallen, or that a snapshot leaves out, adds nothing; the run's totals rise with the snapshot's own total, and what no endpoint has of it is (other). Of a page counts begin again where its total has fallen. Of posts they do only where at least three lower totals follow each other and no higher one comes for more than 10 s; a post that was overtaken by a later one adds nothing. Where several processes post totals of one run (from several addresses, or from one address totals that fall and rise in turns) the largest totals count, nothing is added up, and the event several_reporters says so; Locust's page then counts, too, where it can be asked.",
  },
  {
    term: "Complete",
    text: "False until a run has ended and all of its metrics have arrived, each with its time: the plugin's final record of every worker, or the final totals of a script that posts. A run whose page was polled is not complete where Locust was restarted or a worker was lost: what it had not reported is unknown.",
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
    text: "The value at rank p·n of the merged histogram, interpolated linearly inside its bucket, and clamped to the window's minimum and maximum. percentileError states how far it can be off at most: 1.6 % for the plugin's histograms, the width of a bucket (of many values it is off by far less), 5 % and 0.5 ms where Locust's own statistics were merged. A percentile over fewer than 1/(1−p) values is given, and named in lowCount.",
  },
  {
    term: "All endpoints",
    text: "Merges the requests of all endpoints, not their stats: a changed mix of endpoints changes it, though no endpoint has changed.",
  },
  {
    term: "Failures and exceptions",
    text: "Are counted by second in the workers, each failed request under its endpoint and the text of its error as Locust gives it. A run tells 200 kinds of each apart; further ones are counted as (other), and truncated says so. With the plugin the list adds up to the number of failures; a Locust without it lists what its own page lists.",
  },
  {
    term: "Processes",
    text: "CPU is in percent of one core: the mean of a point, and its highest second. Memory is the most of a point. The clock offset is by how much a worker's clock is ahead of the master's, and the master's of the server's.",
  },
  {
    term: "Trust and findings",
    text: "Are about the whole run, whatever the window. Both are judged by the recorded metrics in means of 10 s (a thousand means in runs of more than 2.7 hours), so that a spike of a second is no fault, and times are as exact as that; what comes back within a minute is one finding. Saturated: a process with 90 % of its core or more. Users below target: fewer users than were commanded, after the time that the spawn rate takes and 10 s, or at the end of a load that ended on its way to the target; users that left by themselves are missing, too. A clock is off from 1 s on. Only the plugin measures processes and clocks; without it these are unknown.",
  },
  {
    term: "Knee",
    text: "Where requests per second stop rising with users. Of the points of 10 s (wider in long runs), each with its mean users, those two straight lines that meet in a bend are taken that fit best (least squares). The bend is the knee if the second line rises less than a quarter as steeply as the first, if two lines fit significantly better than one (F test at 1 %), and if at least 3 points have 10 % more users than it. usersFrom and usersTo are the bends that fit nearly as well (95 %); points close in time resemble each other, so that the doubt is rather larger. At least 8 points with 5 different numbers of users are needed. A knee belongs to the system and its generators: with a saturated generator it may be Locust's own.",
  },
  {
    term: "Users",
    text: "currentUsers is the number of users of the live workers at the end of the second, or of the point's last second; targetUsers is the number last commanded. maxUsers of a window is the most currentUsers of its seconds; 0 without samples.",
  },
  {
    term: "Snapshot",
    text: "Is cumulative. Only totalRps is over the last 10 closed seconds, and falls to 0 without new requests; requestsPerSec of an endpoint is what Locust or the sender has told, and null with the plugin.",
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
    term: "Fields of a chart",
    text: "`fields=avgResponseMs,p99.9ResponseMs` of a chart answers only these: a field of its points, `p<N>ResponseMs` for any percentile, or `summary`. A chart without percentiles is much cheaper.",
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
    text: "Server-sent events. Those of a run have an id; `Last-Event-ID` resumes after it, on any server. The stream of an ended run ends with `end`. `GET /v1/stream` is one stream for a whole page: hints on what has changed, of this server at once, of others within about a second, and one run in full where `run` names it. A load test that another server deletes gets no hint.",
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
