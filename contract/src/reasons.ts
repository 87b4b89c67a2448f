/** Every `code` that a run's status reason can have, with what it means in a line. What to do: `docs/reasons.md`. */
export const REASONS = {
  // Why a run waits.
  cluster_busy: "Its cluster has no free slot.",
  // How a run ended as wanted.
  duration_reached: "The duration was reached.",
  shape_ended: "The script's load shape ended.",
  stopped_by_user: "Somebody stopped it.",
  stopped_at_locust: "Somebody stopped it in Locust's own page.",
  auto_stop_errors: "It was stopped because too many requests failed.",
  expired: "It has waited for its cluster for too long.",
  // Why a run could not run.
  cluster_unknown: "Its cluster is no longer configured.",
  cluster_unreachable: "The cluster did not answer.",
  cluster_taken: "Another run has the cluster.",
  start_failed: "Locust could not be made ready in time.",
  start_not_confirmed: "Locust was to start, but load did not begin.",
  no_user_class: "The script has no User class, so there is nothing to run.",
  locust_exited: "A Locust process ended before load began.",
  no_workers: "Locust has no worker, or lost its last one.",
  not_enough_workers: "Fewer workers connected than the cluster should have.",
  no_requests: "Not one request was completed.",
  script_failed_on_start: "The script raises in on_start, and not one request was completed.",
  master_lost: "The Locust master is gone.",
  master_restarted: "Locust answers, but no longer knows this run: its master was restarted.",
  end_unknown: "Locust is at another run by now, and of the end of this one nothing has arrived.",
  stop_not_confirmed: "Locust was told to stop, and did not.",
  host_lost: "The machine that it was started on has not been heard of.",
  lost_before_migration: "It had no end in the database that it was taken over from.",
} as const satisfies Record<string, string>;
export type ReasonCode = keyof typeof REASONS;

/** Why a run's health is not ok. */
export const HEALTH_CODES = {
  master_unresponsive: "Locust's master takes connections, or should, and does not answer.",
  master_unreachable: "Nobody listens where Locust's master should be.",
  host_unknown: "No server is running on the machine that the run was started on.",
  no_progress: "Locust says that users run, and no request is completed.",
  workers_lost: "Workers are gone; so are their users.",
  workers_missing: "Fewer workers are there than there were, or should be.",
  metrics_unavailable: "The figures of the run cannot be stored or read.",
  generator_saturated: "A Locust process is at the limit of its core.",
  clock_offset: "The clock of a worker or of the master is off by more than a second.",
} as const satisfies Record<string, string>;
export type HealthCode = keyof typeof HEALTH_CODES;

/** Every `type` of a run's events. */
export const EVENTS = {
  // The server's.
  status: "The run's state changed.",
  health: "The run's health changed.",
  note: "Somebody added a mark.",
  load_changed: "Somebody changed the users.",
  adopted: "Another server, or the same one after a restart, looks after the run now.",
  script_not_sent: "An attached cluster runs its own script.",
  workers_late: "The workers took more than ten seconds to connect.",
  master_unresponsive: "Locust's master does not answer.",
  master_unreachable: "Nobody listens where Locust's master should be.",
  no_progress: "Users run, and no request is completed.",
  stop_sent: "Locust was told to stop.",
  stop_forced_term: "Processes that did not stop were sent SIGTERM.",
  stop_forced_kill: "Processes that did not end were sent SIGKILL.",
  load_may_be_left: "Locust did not answer after the run's end; it may still make load.",
  users_cut_off: "The stop timeout cut users off in the middle of a request.",
  gap: "Records of figures are missing.",
  gap_closed: "Missing records have arrived.",
  conflicting_record: "One record arrived twice with different contents.",
  incomplete: "The run has ended, and some figures have not arrived.",
  // The plugin's.
  auto_stop: "Too many requests failed; the plugin stopped the run.",
  workers_lost: "Workers are gone.",
  workers_back: "Workers that were lost are back.",
  workers_joined: "Workers connected after load had begun.",
  generator_saturated: "A Locust process is at the limit of its core.",
  generator_recovered: "A saturated process has room again.",
  clock_offset: "The clock of a worker or of the master is off by more than a second.",
  script_error: "The script raised an exception of a kind that had not been seen.",
  shape_off: "The script's load shape is switched off.",
  endpoints_capped: "There are more endpoints than are counted by themselves.",
} as const satisfies Record<string, string>;
export type EventType = keyof typeof EVENTS;
