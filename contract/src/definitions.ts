/** What every figure means, everywhere: in answers, live, in recentRuns. Shown on the documentation page. */
export const DEFINITIONS: readonly { readonly term: string; readonly text: string }[] = [
  {
    term: "Second of a request",
    text: "The second it completed in, on its worker's clock, shifted by whole seconds to the master's. An offset over 1 s is an event. Workers report just after each second.",
  },
  {
    term: "Requests",
    text: "Include failures. A request that the stop timeout cut off is recorded nowhere, though the target may have seen it; the run's events say how many there were.",
  },
  {
    term: "Load time",
    text: "From the first user spawned to the stop being issued. A rate is the requests completed where the window and the load time overlap, divided by the length of that overlap. What finishes after the stop counts in totals only.",
  },
  {
    term: "Ramp-up",
    text: "Is included, unless phase=steady asks for the seconds in which the real users were the target's.",
  },
  {
    term: "Points of a chart",
    text: "Requests divided by the seconds covered. The open second is not shown. The partial first and last seconds count in totals, and are in no rate, maxRps or minRps; those two are over whole seconds, however wide the points are. Where nothing is known a point is null; it is never joined.",
  },
  {
    term: "errorRate",
    text: "100 × failures ÷ requests of the same window, in percent; null without requests.",
  },
  {
    term: "Latency",
    text: "What the script reported to Locust, failures included; responses=ok or failed chooses. Of those two, average, minimum and maximum are the histogram's.",
  },
  {
    term: "Requests without a time",
    text: "Count as requests, and in no average, minimum, maximum or percentile; timedRequests is the number of the others.",
  },
  {
    term: "Percentile p",
    text: "The value at rank ⌈p·n⌉ of the merged histogram: its bucket's midpoint, clamped to the window's minimum and maximum. percentileError states how far it can be off: 0.8 % where the plugin counted, 5 % and 0.5 ms where Locust's own statistics were merged. Over fewer than 1/(1−p) values it is given, and named in lowCount.",
  },
  {
    term: "All endpoints",
    text: "Merges requests, not figures: a changed mix of endpoints moves it though none of them changed.",
  },
  {
    term: "Users",
    text: "currentUsers are the live workers' at the end of the second, or of the point's last second; targetUsers what was commanded last.",
  },
  {
    term: "Snapshot",
    text: "Cumulative, but totalRps is over the last 10 closed seconds, and decays to 0.",
  },
  {
    term: "Offered load",
    text: "Locust's users wait for answers: a slow target lowers the load that is offered. Latencies are not corrected for that.",
  },
];
