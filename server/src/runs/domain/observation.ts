import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { ScriptError, StopCause } from "@load-manager/contract/plugin/protocol.ts";
import type { ReasonCode } from "@load-manager/contract/model/reasons.ts";
import type { Capabilities, Engine } from "@load-manager/contract/model/run.ts";

/** A criterion with abort that has been violated for its time; times in Unix ms. */
export type CriterionBreach = {
  readonly id: string;
  readonly expression: string;
  readonly observed: number;
  readonly limit: number;
  readonly fromMs: number;
  readonly toMs: number;
};

/** The requests of one window that made auto-stop end a run. `from` and `to` are ISO 8601. */
export type AutoStopEvidence = {
  readonly requests: number;
  readonly failures: number;
  /** 100 × failures ÷ requests. */
  readonly failedPercent: number;
  readonly windowSeconds: number;
  readonly from: string;
  readonly to: string;
};

/**
 * The load of one run, as the plugin reports it or, without the plugin, as Locust's own page shows it.
 * Times are Unix milliseconds on the server's clock.
 */
export type LoadState = {
  readonly phase: "starting" | "running" | "stopping" | "ended";
  /** Random for each master process, so a new one means a restart. Absent without the plugin. */
  readonly masterInstanceId?: string;
  /** The highest fence that the plugin has accepted. */
  readonly fence?: number;
  readonly testStartedAt?: number;
  /** Milliseconds since test_start on Locust's monotonic clock. */
  readonly ranMs?: number;
  /** When the first user was spawned. */
  readonly loadStartedAt?: number;
  readonly stopIssuedAt?: number;
  readonly endedAt?: number;
  readonly stopCause?: StopCause;
  /** Cumulative. A rising count proves that the run runs. */
  readonly requests: number;
  readonly users: number;
  readonly targetUsers?: number;
  readonly workersLost: readonly string[];
  /** Why no process of the workers is left before a request completed; only where the server has started them. */
  readonly workersFailed?: { readonly message: string; readonly logTail: readonly string[] };
  /** Processes at the limit of their CPU core; `since` in Unix ms. */
  readonly saturated?: readonly { readonly id: string; readonly since: number }[];
  readonly clockOffsets?: readonly { readonly worker: string; readonly seconds: number }[];
  /** Users that ended because the script raised an exception. */
  readonly usersDied?: number;
  /** Users that left by themselves; only with the plugin. */
  readonly usersLeft?: number;
  readonly scriptError?: ScriptError;
  /** What the script's LoadTestShape has raised: its users stay as they are. */
  readonly shapeError?: string;
  /** Present where the plugin's auto-stop ended the run. */
  readonly autoStopEvidence?: AutoStopEvidence;
  /** Users that the stop timeout interrupted; known once the load has ended. */
  readonly cutOffUsers?: number;
  /** Locust's own cumulative stats; only without the plugin. */
  readonly polledSnapshot?: SnapshotInput;
  /** The workers that Locust's page shows; only without the plugin. */
  readonly polledWorkers?: readonly { readonly id: string; readonly isConnected: boolean }[];
};

/** What the cluster's answer proves about a run. Whatever is not proved is `unreachable`. */
export type Observation =
  /** Nothing of the run exists: no process, or an idle master that does not know it. */
  | { readonly kind: "nothing"; readonly engine?: Engine }
  /** The packages of the script are being installed; no process of Locust has been started. */
  | { readonly kind: "preparing" }
  /**
   * No answer. `refused`: nobody listens at the port of a machine that answers, which proves more than silence. `hasNoAddress`: the cluster is no
   * longer configured, and its address is not known, so nothing will ever be seen of it.
   */
  | {
      readonly kind: "unreachable";
      readonly message: string;
      readonly refused: boolean;
      readonly hasNoAddress?: true;
    }
  /** The cluster works on another run, or on load that was started in Locust itself. */
  | {
      readonly kind: "foreign";
      readonly message: string;
      readonly runId?: string;
      readonly masterInstanceId?: string;
      readonly capabilities: Capabilities;
    }
  /** Locust is up and waits; the load has not begun. */
  | {
      readonly kind: "ready";
      readonly workers: number;
      readonly workersExpected: number;
      readonly engine: Engine;
      readonly masterInstanceId?: string;
      readonly capabilities: Capabilities;
    }
  /** The processes started for the run are gone or going; nothing more can come from them. */
  | {
      readonly kind: "dead";
      readonly message: string;
      readonly code: ReasonCode;
      readonly logTail: readonly string[];
    }
  | {
      readonly kind: "load";
      readonly load: LoadState;
      readonly engine: Engine;
      readonly workers: number;
      readonly workersExpected: number;
      readonly capabilities: Capabilities;
    };

/** The part of the union with this kind. */
export type Observed<K extends Observation["kind"]> = Extract<Observation, { readonly kind: K }>;

/** A signal that was sent to processes of a run because they did not end by themselves. */
export type ForcedStep = {
  readonly signal: "SIGTERM" | "SIGKILL";
  readonly pids: readonly number[];
};
