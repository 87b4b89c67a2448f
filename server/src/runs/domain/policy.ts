/** Times that the run loop keeps to, in ms. Where they come from: the deadlines and exactly-once rules of ARCHITECTURE.md. */
export const POLICY = {
  /** How long the loop sleeps between two looks at a run, unless it is woken. */
  tickMs: 1000,
  /** From Starting until load must have begun. */
  startTimeoutMs: 90_000,
  /** From Starting until too few workers count as no more to come. */
  workersTimeoutMs: 60_000,
  /** A run that was started at Locust may be registered before its pages, up to this old, show it. */
  externalShownMs: 15_000,
  /** Without the plugin: from the start being sent until Locust must show load. */
  polledStartMs: 15_000,
  /** The plugin stops at the deadline by itself; the server does this much later. */
  deadlineGraceMs: 10_000,
  /** After the stop was due: stop timeout + this, then the process group is killed. */
  killGraceMs: 30_000,
  /** SIGTERM comes this much after it instead, so that the kill, a look and some seconds later, is on time. */
  termGraceMs: 20_000,
  /** Workers that connect this long after Starting are worth an event. */
  workersLateMs: 10_000,
  /** Users run, and no request has been completed for this long: nothing is proved. */
  stalledMs: 30_000,
  /** The plugin ends a run whose requests fail; the server does it this much later. */
  autoStopGraceMs: 10_000,
  /** Nobody listens at the master's address for this long: it is gone. */
  refusedMs: 10_000,
  /** Silence of a master whose run has no deadline counts as loss after this long. */
  silenceMs: 300_000,
  /** An attached Locust that does not answer after the end of a run is asked for this long whether load is left. */
  loadLeftMs: 900_000,
  /** How long a run stays Stopping for figures that have not arrived. */
  finalsMs: 15_000,
  /** Without the plugin: Locust's page shows the last figures this long after the end. */
  polledFinalsMs: 6000,
  /** Stats that cannot be read for so long are left out of the summary. */
  summaryMs: 60_000,
  /** A stop that has not taken effect is sent again after this long. */
  stopAgainMs: 5000,
  /** A run on a machine that is not heard of counts as lost this long after all its load must have ended. */
  hostLostMs: 60_000,
  /** The same failure of looks at one run is logged again after this long. */
  sameErrorMs: 60_000,
  /** Live figures are written at most this often. */
  liveMs: 5000,
} as const;
