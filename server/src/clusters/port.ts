import type { Engine, LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { FoundOutline } from "@load-manager/contract/plugin/outline.ts";
import type { ForcedStep, Observation } from "../runs/domain/observation.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/** A run and the fence with which this server manages it; the fence guards every command. */
export type Hold = { readonly run: LoadTestRun; readonly fence: number };

/** What Locust runs: contents by path, and the path of the file that it is given. */
export type RunScript = {
  readonly entrypoint: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The packages that it needs, as the text of a requirements.txt. */
  readonly requirements?: string;
};

/** What becomes of the packages of a script. `installed`: names with versions. */
export type PackagesStep =
  /** `waiting`: for another run, which installs the same ones. */
  | { readonly kind: "waiting"; readonly packages: number }
  | { readonly kind: "installing"; readonly packages: number }
  | {
      readonly kind: "installed" | "cached";
      readonly packages: number;
      readonly seconds: number;
      readonly installed: readonly string[];
    };

type OnPackages = (step: PackagesStep) => Promise<void>;

/** What the import of a script has shown. */
export type ScriptOutlined = {
  /** What the script raised. */
  readonly problems: readonly ScriptProblem[];
  /** Absent where nothing is known of it; `why` says the reason. */
  readonly found?: FoundOutline;
  readonly why?: string;
};

/**
 * Imports a script as the cluster's runs do, with the variables that a run would have, and reads what it defines. Takes at most
 * about 10 s, and longer while others are imported. Never rejects.
 */
export type ScriptOutliner = (
  cluster: ClusterConfig,
  script: RunScript,
  environment: Readonly<Record<string, string>> | undefined,
) => Promise<ScriptOutlined>;

type OnForcedStep = (step: ForcedStep) => Promise<void>;

/**
 * The commands to a cluster about a run. Every command may be repeated; the plugin refuses a stale fence. A command
 * that rejects has an unknown outcome: observe, then decide again.
 */
export type ClusterCommands = {
  /**
   * Makes Locust ready for the run: installs the packages of its script, then starts those of its processes that have not been
   * started. Resolves while packages are still being installed; the same step of `onPackages` may come several times.
   */
  readonly prepare: (hold: Hold, script: RunScript, onPackages: OnPackages) => Promise<void>;
  /** Tells the plugin which server manages the run now, and where to send metrics; after a take-over. */
  readonly attach: (hold: Hold) => Promise<void>;
  readonly start: (hold: Hold) => Promise<void>;
  readonly setUsers: (hold: Hold, targetUsers: number, spawnRate: number) => Promise<void>;
  readonly stop: (hold: Hold) => Promise<void>;
  /** Ends the processes of the run: SIGTERM, a bounded wait, SIGKILL. Does nothing on attached clusters. */
  readonly kill: (hold: Hold, onForcedStep: OnForcedStep) => Promise<void>;
  /**
   * After the end: no process and no load of the run is left when it resolves. Rejects where that cannot be known yet.
   * `onForcedStep` is called for processes that had to be killed.
   */
  readonly cleanUp: (run: LoadTestRun, onForcedStep: OnForcedStep) => Promise<void>;
};

/** The commands about the load of a run that Locust has. */
export type LoadCommands = Pick<ClusterCommands, "attach" | "start" | "setUsers" | "stop">;

/** Load commands for a Locust that is found out for each command. */
export const loadCommandsFor = (
  commandsOf: (run: LoadTestRun) => Promise<LoadCommands>,
): LoadCommands => ({
  attach: async (hold) => (await commandsOf(hold.run)).attach(hold),
  start: async (hold) => (await commandsOf(hold.run)).start(hold),
  setUsers: async (hold, ...users) => (await commandsOf(hold.run)).setUsers(hold, ...users),
  stop: async (hold) => (await commandsOf(hold.run)).stop(hold),
});

/** Somewhere Locust can run a test. */
export type ClusterAdapter = {
  readonly config: ClusterConfig;
  /** Never rejects; takes at most 5 s. */
  readonly observe: (run: LoadTestRun) => Promise<Observation>;
  /** The state of the cluster itself, for `GET /v1/clusters` and before a slot is taken. */
  readonly probe: () => Promise<ClusterProbe>;
  /** Records in the run's folder that may not have arrived, as batch bodies. */
  readonly spooled: (run: LoadTestRun) => Promise<readonly Uint8Array[]>;
  /** Deletes what the cluster keeps of an ended run: its folder with logs. */
  readonly remove: (runId: string) => Promise<void>;
  readonly commands: ClusterCommands;
  /** The cluster is no longer configured and its address is not known: no command will ever reach it. */
  readonly hasNoAddress?: true;
};

/** The same commands, each sent through `around`, which may refuse by throwing. */
export const mapCommands = (
  commands: ClusterCommands,
  around: (send: () => Promise<void>) => Promise<void>,
): ClusterCommands => ({
  prepare: async (...args) => around(() => commands.prepare(...args)),
  attach: async (...args) => around(() => commands.attach(...args)),
  start: async (...args) => around(() => commands.start(...args)),
  setUsers: async (...args) => around(() => commands.setUsers(...args)),
  stop: async (...args) => around(() => commands.stop(...args)),
  kill: async (...args) => around(() => commands.kill(...args)),
  cleanUp: async (...args) => around(() => commands.cleanUp(...args)),
});

/** The clusters by their ids. */
export type Clusters = {
  /** Includes clusters that a reload has removed from the configuration while they have runs to end. */
  readonly get: (id: string) => ClusterAdapter | undefined;
  /**
   * The cluster as the run began with it, until `forget`. Where it is no longer configured: whatever of it can still be
   * reached.
   */
  readonly of: (run: LoadTestRun) => ClusterAdapter;
  /** The run is settled or deleted: nothing more is asked about it. */
  readonly forget: (runId: string) => void;
  /** The clusters that new runs may use, in the order of the configuration. */
  readonly values: () => Iterable<ClusterAdapter>;
};

/** A process of a Locust as its master tells of it. Null: unknown. */
export type ClusterProcess = {
  /** A worker's id, or "master". */
  readonly id: string;
  readonly role: "master" | "worker";
  /** As Locust names it. */
  readonly state: string;
  readonly users: number | null;
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly clockOffsetMs: number | null;
  readonly pythonVersion: string | null;
};

export type ClusterProbe = {
  readonly state: "idle" | "busy" | "unreachable" | "unknown";
  readonly message?: string;
  readonly engine?: Engine;
  /** When a busy cluster should be free, in Unix ms, where that is known. */
  readonly freeAt?: number;
  /** Absent where Locust does not tell. */
  readonly processes?: readonly ClusterProcess[];
  /** The highest fence that the plugin has accepted. */
  readonly fence?: number;
  /** The settings of a run that the Locust there can apply to its script; absent where nothing is known of it. */
  readonly settings?: readonly string[];
};
