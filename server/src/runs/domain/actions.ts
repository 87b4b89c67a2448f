import type { ScriptError, StopCause } from "@load-manager/contract/plugin/protocol.ts";
import type { HealthCode } from "@load-manager/contract/model/reasons.ts";
import type { EndCause, Health, StatusReason } from "@load-manager/contract/model/run.ts";
import type { AutoStopEvidence, CriterionBreach } from "./observation.ts";

/**
 * What a decision needs beside the stored run and the observation. The durations are what this server has seen since it
 * began to manage the run, so a restart only makes it more patient.
 */
export type Facts = {
  /** Unix milliseconds. */
  readonly now: number;
  /** How long this server has managed the run. Timeouts do not count while no server did. */
  readonly watchedForMs: number;
  /** How long ago packages of the script were still being installed; infinite where they never were. */
  readonly preparedAgoMs: number;
  /** How long every observation was `unreachable` and no metrics arrived; 0 where the last one was not. */
  readonly unreachableForMs: number;
  /** How long the observations have shown the end of the load (ended, dead or nothing). */
  readonly endSeenForMs: number;
  /** Time since a stop was last sent; infinite where none was. */
  readonly stopSentAgoMs: number;
  /** Time since this server sent its first stop; infinite where it sent none. */
  readonly firstStopAgoMs: number;
  /** Whether the cluster, when it answered last, showed that the load had ended, or was ending. */
  readonly loadEndSeen: boolean;
  /** Every master instance that reported has handed in its final metrics. */
  readonly finalsIn: boolean;
  /** A master instance has reported about the run, so its load has begun. */
  readonly hasReported: boolean;
  /** Metrics of the run went on to arrive while another master instance answered at the cluster's address. */
  readonly hasTwoMasters: boolean;
  /** Why the load ended, from the final metrics. */
  readonly stopCause?: StopCause | undefined;
  /** From the final metrics too. */
  readonly scriptError?: ScriptError | undefined;
  /** Several processes post the totals of the run. */
  readonly hasSeveralReporters?: boolean | undefined;
  /** Requests in the metrics that arrived: proof of load where Locust does not answer. */
  readonly requestsSeen: number;
  /** How long no request has completed; 0 where one has since the last pass, or where nothing is known. */
  readonly stalledForMs: number;
  /** How long fewer users than wanted have run after the ramp; 0 where enough run, or where it is not known. */
  readonly belowTargetForMs: number;
  /** A criterion that ends the run. */
  readonly breach?: CriterionBreach | undefined;
  /** Why auto-stop ends the run now. */
  readonly autoStop?: AutoStopEvidence | undefined;
  /** Why metrics cannot be stored or read. */
  readonly metricsError?: string | undefined;
};

/** A change of status with its reason. */
export type Transition =
  | { readonly do: "transition"; readonly status: "Running"; readonly startedAt: number }
  | {
      readonly do: "transition";
      readonly status: "Stopping";
      readonly endCause: EndCause;
      readonly reason: StatusReason;
      readonly startedAt?: number;
    }
  | {
      readonly do: "transition";
      readonly status: "Finished" | "Stopped" | "Failed";
      readonly reason: StatusReason;
      readonly finishedAt: number;
      readonly startedAt?: number;
      readonly loadEndSeenAt?: number;
    };

/** How well the run runs; `since` in Unix ms. */
export type HealthAction = {
  readonly do: "health";
  readonly health: Health;
  readonly reason?: {
    readonly code: HealthCode;
    readonly message: string;
    readonly since?: number;
  };
};

export type Action =
  | Transition
  | { readonly do: "prepare" | "start" | "stop" | "kill" }
  | { readonly do: "setUsers"; readonly targetUsers: number; readonly spawnRate: number }
  | HealthAction;
