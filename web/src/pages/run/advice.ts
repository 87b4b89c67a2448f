import type { HealthCode, ReasonCode } from "@load-manager/contract/model/reasons.ts";

/** What helps where a run could not run, was stopped because of an error, or goes on with a flaw. As in docs/reasons.md, in one sentence. */
const ADVICE: Partial<Record<ReasonCode | HealthCode, string>> = {
  auto_stop_errors:
    "Look at the failures below. If the test is meant to fail, switch off auto-stop in the load test’s settings.",
  expired: "Start a new run when the cluster is free.",
  cluster_unknown: "Configure the cluster again, or choose another in the load test’s settings.",
  cluster_unreachable:
    "Check that the Locust master runs, that the cluster’s baseUrl is right, and that no firewall or token blocks the way.",
  cluster_taken: "Start a new run when the cluster is free.",
  start_failed:
    "Read Locust’s log below: is the cluster’s Python right, is the machine overloaded?",
  start_not_confirmed: "Read Locust’s own log, then start a new run.",
  setting_refused: "Correct the setting, in the load test or in the start of the run.",
  packages_not_installed:
    "Correct requirements.txt as pip's error says; where no index answers, ask who runs the server.",
  no_user_class: "Define a class that inherits from User or HttpUser in the script.",
  locust_exited:
    "Read Locust’s log below: an import that fails, a syntax error or a missing package.",
  no_workers: "Start workers with this master’s address; look at their logs and their memory.",
  not_enough_workers: "Look at the log of the missing worker.",
  no_requests: "Check that the target answers, and that the script has tasks that make requests.",
  script_failed_on_start: "Mend what the message names; the event has the traceback.",
  spawn_failed: "Mend what the message names; the event has the traceback.",
  master_lost:
    "Read Locust’s log: the machine may have ended it for its memory. The metrics up to then are kept.",
  master_restarted: "Find out who restarted Locust, and start a new run.",
  two_masters: "Give each master a scope and a cluster of its own, or correct baseUrl.",
  stop_not_confirmed: "Stop that Locust by hand: it may still make load.",
  host_lost: "Look at the machine of the local cluster.",
  master_unresponsive: "Look at its CPU and its log, and at the network.",
  master_unreachable: "Check whether it still runs.",
  host_unknown: "Start Load Manager on that machine; it takes the run over.",
  no_progress: "The target hangs, or the script waits.",
  workers_lost: "Read their logs; check memory, network, and code that blocks a worker.",
  workers_missing: "Read their logs; check memory, network, and code that blocks a worker.",
  metrics_unavailable: "Free some space on the server’s disk, or restore its store.",
  several_reporters: "Let the master alone post.",
};

/** One sentence on what to do about a reason; `undefined` where there is nothing to do. */
export const adviceFor = (code: string): string | undefined =>
  Object.hasOwn(ADVICE, code) ? ADVICE[code as keyof typeof ADVICE] : undefined;
