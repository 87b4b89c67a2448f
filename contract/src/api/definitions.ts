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
