/** Every time limit that a run depends on, in ms. ARCHITECTURE.md names the promises that they keep. */
export const POLICY = {
  /** The pause between two reconcile passes over a run, unless it is woken. */
  tickMs: 1000,
  /** From Starting until the load must have begun. */
  startTimeoutMs: 90_000,
  /** From Starting until the packages of the script must be installed; the limits of a start count from then on. */
  packagesMs: 600_000,
  /** From Starting until missing workers count as never coming. */
  workersTimeoutMs: 60_000,
  /** An external run may be registered this long before Locust's pages show its load. */
  externalShownMs: 15_000,
  /** Without the plugin: from the start being sent until Locust must show load. */
  polledStartMs: 15_000,
  /** The plugin stops at the deadline by itself; the server stops this much later. */
  deadlineGraceMs: 10_000,
  /** The processes are killed at: stop due + stop timeout + this. */
  killGraceMs: 30_000,
  /** SIGTERM comes this long after stop due + stop timeout, so that the kill is on time. */
  termGraceMs: 20_000,
  /** Workers that connect this long after Starting are worth an event. */
  workersLateMs: 10_000,
  /** Users run and no request completes for this long: health becomes unknown. */
  stalledMs: 30_000,
  /** Fewer users than wanted for this long after the ramp: health becomes degraded. */
  belowTargetMs: 10_000,
  /** The plugin's auto-stop acts first; the server's acts this much later. */
  autoStopGraceMs: 10_000,
  /** Connections are refused for this long: the master is gone. */
  refusedMs: 10_000,
  /** A silent master of a run without a deadline counts as lost after this long. */
  silenceMs: 300_000,
  /** After the end of a run a silent attached Locust is asked for this long whether load is left. */
  loadLeftMs: 900_000,
  /** From 2.19 on Locust ends a worker a minute after its master's last message; with a margin for the end itself. */
  lostWorkersMs: 65_000,
  /** A run stays Stopping for this long while final metrics are missing. */
  finalsMs: 15_000,
  /** Without the plugin: a master that ends shows stopped load until its process is gone; one that still shows it after this long lives. */
  polledEndMs: 3000,
  /** Without the plugin: Locust's page shows the last stats this long after the end. */
  polledFinalsMs: 6000,
  /** Metrics that cannot be read for this long are left out of the summary. */
  summaryMs: 60_000,
  /** A stop without effect is sent again after this long. */
  stopAgainMs: 5000,
  /** A run on a lost machine fails this long after all its load must have ended. */
  hostLostMs: 60_000,
  /** A missing range of records becomes an event after this long: records may overtake each other. */
  gapShownMs: 10_000,
  /** The expected start of a waiting run is written again when it has moved by more than this. */
  expectedStartMovedMs: 5000,
  /** The stop timeout of a run that was started in Locust itself, which does not tell its own. */
  externalStopTimeoutMs: 10_000,
  /** Live metrics are written at most this often. */
  liveMs: 5000,
  /** A server writes its heartbeat, and reads those of the others, this often. */
  heartbeatMs: 2500,
  /** A heartbeat that has not moved for this long means that its server is gone. */
  goneMs: 15_000,
  /** A server without a heartbeat for this long stands down, before another may take its runs. */
  standDownMs: 10_000,
  /** A heartbeat that has not moved for this long is deleted. */
  heartbeatForgottenMs: 3_600_000,
  /** The interval between two scans for orphan processes. */
  orphanScanMs: 30_000,
} as const;
