import type { SnapshotInput, StopCause } from "@load-manager/contract/locust.ts";
import type { ReasonCode } from "@load-manager/contract/reasons.ts";
import type { Engine, LoadTestRun } from "@load-manager/contract/run.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/** Requests that failed within one window; times as ISO 8601. */
export type Failing = {
  readonly requests: number;
  readonly failures: number;
  readonly failedPercent: number;
  readonly windowSeconds: number;
  readonly from: string;
  readonly to: string;
};

/**
 * What the load of one run looks like at Locust, as its plugin (or, without one, Locust's own page) tells.
 * Times are Unix milliseconds on the server's clock.
 */
export type LoadState = {
  readonly phase: "starting" | "running" | "stopping" | "ended";
  /** Random per master process; a new one means that the master was restarted. Absent without the plugin. */
  readonly masterInstanceId?: string;
  /** The highest that the plugin has followed. */
  readonly fence?: number;
  readonly testStartedAt?: number;
  /** For how long it has run, on a clock of Locust's that nobody sets; where the plugin tells. */
  readonly ranMs?: number;
  /** The first user was spawned. */
  readonly loadStartedAt?: number;
  readonly stopIssuedAt?: number;
  readonly endedAt?: number;
  readonly stopCause?: StopCause;
  /** Cumulative; what proves that a run runs. */
  readonly requests: number;
  readonly users: number;
  readonly targetUsers?: number;
  readonly workersLost: readonly string[];
  /** Processes at the limit of their core, and since when. */
  readonly saturated?: readonly { readonly id: string; readonly since: number }[];
  readonly clockOffsets?: readonly { readonly worker: string; readonly seconds: number }[];
  /** Users that an exception of the script has ended. */
  readonly usersDied?: number;
  readonly scriptError?: { readonly message: string; readonly onStart: boolean };
  /** Why the plugin has stopped by itself. */
  readonly failing?: Failing;
  /** Users that the stop timeout cut off; once it has ended. */
  readonly cutOffUsers?: number;
  /** Without the plugin the figures are Locust's own, cumulative. */
  readonly polled?: SnapshotInput;
};

/** What can be seen of a run at its cluster. Only what is proved is said; the rest is `unreachable`. */
export type Observation =
  /** Proved: nothing of this run is there (no process; or an idle master that does not know it). */
  | { readonly kind: "nothing"; readonly engine?: Engine }
  /** It cannot be told. `refused`: nobody listens there, which proves more than silence. */
  | { readonly kind: "unreachable"; readonly message: string; readonly refused: boolean }
  /** Another run, or one that was started at Locust itself, has the cluster. */
  | {
      readonly kind: "foreign";
      readonly message: string;
      readonly runId?: string;
      /** The master process, where the plugin tells. */
      readonly masterInstanceId?: string;
    }
  /** Locust is there and waits; load has not begun. */
  | {
      readonly kind: "ready";
      readonly workers: number;
      readonly workersExpected: number;
      readonly engine: Engine;
      /** Absent without the plugin, where a start may not be repeated. */
      readonly masterInstanceId?: string;
    }
  /** The processes that were started for this run are gone or going: nothing can come any more. */
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
    };

/** Who works on a run: what guards every command. */
export type Hold = { readonly run: LoadTestRun; readonly fence: number };

/** One signal that processes of a run were sent because they did not end by themselves. */
export type ForcedStep = {
  readonly signal: "SIGTERM" | "SIGKILL";
  readonly pids: readonly number[];
};
type ToldStep = (step: ForcedStep) => Promise<void>;

/**
 * What can be done with a run at its cluster. Every command may be repeated; a stale fence is refused.
 * A command that rejects has an unknown outcome: observe, then decide again.
 */
export type ClusterAdapter = {
  readonly config: ClusterConfig;
  /** Never rejects; takes at most 5 s. */
  readonly observe: (run: LoadTestRun) => Promise<Observation>;
  /** Makes Locust ready for the run: starts those of its processes that were not started yet. */
  readonly prepare: (hold: Hold, script: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  /** Tells the plugin who holds the run now and where to send; after a take-over. */
  readonly attach: (hold: Hold) => Promise<void>;
  readonly start: (hold: Hold) => Promise<void>;
  readonly setUsers: (hold: Hold, targetUsers: number, spawnRate: number) => Promise<void>;
  readonly stop: (hold: Hold) => Promise<void>;
  /** Ends the processes of the run: SIGTERM, a bounded wait, SIGKILL. Local clusters only, nothing elsewhere. */
  readonly kill: (hold: Hold, told: ToldStep) => Promise<void>;
  /** Records that the plugin has written to the run's folder and that may not have arrived, as batch bodies. */
  readonly spooled: (run: LoadTestRun) => Promise<readonly Uint8Array[]>;
  /**
   * After the end: no process or load of the run is left when it resolves; it rejects where that cannot be told yet.
   * Told: what had to be killed.
   */
  readonly cleanUp: (run: LoadTestRun, told: ToldStep) => Promise<void>;
  /** Deletes what is kept of an ended run at its cluster: its folder with logs. */
  readonly remove: (runId: string) => Promise<void>;
  /** For `GET /v1/clusters`: is anybody there? */
  readonly probe: () => Promise<ClusterProbe>;
};

/** Clusters by their ids. */
export type Clusters = {
  /** Also one that a reload has taken out of the configuration, while it has runs to end. */
  readonly get: (id: string) => ClusterAdapter | undefined;
  /** The cluster of a run that was started; where that is not configured any more, what can still be reached of it. */
  readonly of: (run: LoadTestRun) => ClusterAdapter;
  /** Those that new runs may be given, in the order of the configuration. */
  readonly values: () => Iterable<ClusterAdapter>;
};

export type ClusterProbe = {
  readonly state: "idle" | "busy" | "unreachable" | "unknown";
  readonly message?: string;
  readonly engine?: Engine;
  /** The highest that the plugin has followed. */
  readonly fence?: number;
};
