/** Every `code` of a run's status reason with its meaning. `docs/reasons.md` says what to do. */
export const REASONS = {
  // Why a run waits.
  cluster_busy: "The cluster has no free slot, or its state is unknown.",
  // How a run ended as intended.
  duration_reached: "The duration was reached.",
  shape_ended: "The script's load shape ended.",
  users_finished: "All users left by themselves.",
  stopped_by_user: "A user stopped the run.",
  stopped_at_locust: "Somebody stopped the run in Locust's own page.",
  stopped_by_script: "The script itself stopped the test.",
  auto_stop_errors: "Auto-stop ended the run because too many requests failed.",
  criterion_failed: "A criterion with abort was violated for too long.",
  expired: "The run waited for its cluster too long.",
  // Why a run could not run.
  cluster_unknown: "The cluster is no longer configured.",
  cluster_unreachable: "The cluster did not answer.",
  cluster_taken: "Another run has the cluster.",
  start_failed: "Locust could not be made ready in time.",
  start_not_confirmed: "A start was sent to Locust, but no load began.",
  setting_refused: "A setting of the run does not fit its script, or the Locust that runs it.",
  packages_not_installed: "The packages of the script could not be installed.",
  no_user_class: "The script has no User class, so there is nothing to run.",
  locust_exited: "A Locust process ended before load began.",
  no_workers: "Locust has no worker, or lost its last one.",
  not_enough_workers: "Fewer workers connected than the cluster should have.",
  no_requests: "No request completed.",
  script_failed_on_start: "The script raises in on_start, and no request completed.",
  shape_failed: "The script's load shape raised an exception while no user was running.",
  spawn_failed: "No user could be started: the script raises while users are made.",
  master_lost: "The Locust master is gone.",
  master_restarted: "Locust answers but no longer knows this run: its master was restarted.",
  two_masters:
    "The run was started at another Locust master than the one at the cluster's address, and that other master still sends its metrics: two masters have the same scope.",
  end_unknown: "Locust works on another run, and nothing has arrived about the end of this one.",
  stop_not_confirmed: "A stop was sent to Locust, but the load did not end.",
  host_lost: "The machine that started the run has not been heard of.",
  lost_before_migration: "The run had no end in the database that it was migrated from.",
} as const satisfies Record<string, string>;
export type ReasonCode = keyof typeof REASONS;

/** Why a run's health is not ok. */
export const HEALTH_CODES = {
  master_unresponsive: "The Locust master does not answer.",
  cluster_unknown: "The cluster is no longer configured, and its address is not known.",
  master_unreachable: "Nobody listens at the address of the Locust master.",
  host_unknown: "No server is running on the machine that started the run.",
  no_progress: "Locust reports users, but no request completes.",
  workers_lost: "Workers disconnected, and their users with them.",
  workers_missing:
    "Fewer workers are connected than at the start, or than the cluster should have.",
  shape_failed: "The script's load shape raised an exception; the users stay as they are.",
  users_below_target: "Fewer users run than the run should have.",
  metrics_unavailable: "The metrics of the run cannot be stored or read.",
  several_reporters: "Several processes post the totals of the run; the largest count.",
  generator_saturated: "A Locust process is at the limit of its CPU core.",
  clock_offset: "The clock of a worker or of the master is off by more than a second.",
} as const satisfies Record<string, string>;
export type HealthCode = keyof typeof HEALTH_CODES;

/** Every `type` of a run's events. */
export const EVENTS = {
  // The server's.
  status: "The run's status changed.",
  health: "The run's health changed.",
  note: "A user added a mark.",
  load_changed: "A user changed the number of users.",
  adopted: "Another server, or the same one after a restart, manages the run now.",
  script_not_sent: "The attached cluster runs its own script.",
  packages_waiting: "Another run installs the same packages, and the run waits for them.",
  packages_installing: "The packages of the script are being installed.",
  packages_installed: "The packages of the script have been installed.",
  packages_cached: "The packages of the script had been installed before.",
  workers_late: "The workers took more than ten seconds to connect.",
  master_unresponsive: "The Locust master does not answer.",
  master_unreachable: "Nobody listens at the address of the Locust master.",
  no_progress: "Users run, but no request completes.",
  stop_sent: "A stop was sent to Locust.",
  stop_forced_term: "Processes that did not stop were sent SIGTERM.",
  stop_forced_kill: "Processes that did not end were sent SIGKILL.",
  load_may_be_left:
    "Nobody can tell whether the load of the failed run has ended: its master is gone or silent.",
  users_cut_off: "The stop timeout interrupted users in the middle of a request.",
  gap: "Records of metrics are missing.",
  gap_closed: "Missing records have arrived.",
  conflicting_record: "A record arrived twice with different contents.",
  verdict_would_differ:
    "Metrics have arrived after the verdict was made, with which it would be another one.",
  incomplete: "The run has ended, and some metrics have not arrived.",
  // The plugin's.
  auto_stop: "The plugin stopped the run because too many requests failed.",
  workers_lost: "Workers disconnected.",
  workers_back: "Lost workers have connected again.",
  workers_joined: "Workers connected after the load had begun.",
  generator_saturated: "A Locust process is at the limit of its CPU core.",
  generator_recovered: "A saturated process has free CPU again.",
  clock_offset: "The clock of a worker or of the master is off by more than a second.",
  script_error: "The script raised an exception of a kind not seen before.",
  users_left: "Users left by themselves.",
  stopped_by_script: "The script stopped the users of a worker.",
  listener_failed: "A listener of the script raised an exception.",
  shape_on: "The users follow the script's load shape.",
  shape_failed: "The script's load shape raised an exception.",
  shape_off: "The script's load shape is switched off.",
  endpoints_capped: "There are more endpoints than are counted one by one.",
  endpoint_groups_proposed: "Many endpoints differ only in a part of their name.",
  totals_without_time:
    "Some requests of the run are known only as totals; no second of them is known.",
  several_reporters: "Several processes post the totals of the run; the largest count.",
  errors_capped: "There are more kinds of errors than are counted one by one.",
  exceptions_capped: "There are more kinds of exceptions than are counted one by one.",
  odd_value: "The script gives a response time or length that is no usable number.",
  plugin_version_differs: "A worker has another version of the plugin than the master.",
  messages_missing: "Messages of a worker have not arrived at the master.",
  locust_report_failed: "Locust could not send a report of its own; its page is behind.",
} as const satisfies Record<string, string>;
export type EventType = keyof typeof EVENTS;
