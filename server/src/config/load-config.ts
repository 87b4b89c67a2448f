import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import type { ClusterConfig } from "../clusters/select-cluster.ts";
import { crossFaults, hasTokens, warningsOf } from "./check.ts";
import { type Fault, faultsError, faultsOf } from "./problems.ts";
import { Cluster, SECRETS, Settings } from "./schema.ts";
import {
  configFileOf,
  environmentSource,
  flagSource,
  type Origin,
  type Source,
  yamlSource,
} from "./sources.ts";
import { fieldOf } from "@load-manager/contract/api/zod-messages.ts";

/** All settings, resolved: flags over environment over YAML over defaults. */
export type Config = Omit<Settings, "locustClusters"> & {
  readonly locustClusters: readonly ClusterConfig[];
  /** No cluster is configured; one local cluster serves every scope. */
  readonly defaultCluster: boolean;
  /** For tests; see `lib/failpoints.ts`. */
  readonly failpoint: string | undefined;
  /** The Python of local clusters, and of the script check. */
  readonly python: string;
  /** The variables by which pip finds packages as the operator wants. */
  readonly pipEnvironment: Readonly<Record<string, string>>;
};

export type LoadedConfig = {
  readonly config: Config;
  readonly file: string | undefined;
  readonly warnings: readonly string[];
  /** Every setting in force with its origin; secrets are "***". */
  readonly settings: readonly {
    readonly path: string;
    readonly value: unknown;
    readonly origin: Origin;
  }[];
  /** Reads the same flags, environment and file once more. Rejects as loadConfig does. */
  readonly again: () => LoadedConfig;
};

export type Flags = {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly logLevel?: string | undefined;
};

const DEFAULT_FILE = "load-manager.yaml";

/** Throws AppError validation: `fields` name every invalid setting, the detail has a line for each with its place. */
export const loadConfig = (
  flags: Flags = {},
  environment: NodeJS.ProcessEnv = process.env,
): LoadedConfig => {
  const file =
    flags.config ??
    configFileOf(environment) ??
    (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const { source: fromEnvironment, warnings } = environmentSource(environment);
  const sources: Source[] = [
    flagSource({
      "server.host": { flag: "--host", value: flags.host },
      "server.port": { flag: "--port", value: flags.port },
      "store.dataDir": { flag: "--data-dir", value: flags.dataDir },
      "logging.level": { flag: "--log-level", value: flags.logLevel },
    }),
    fromEnvironment,
    ...(file === undefined ? [] : [yamlSource(file, environment)]),
  ];
  const originOf = (path: readonly PropertyKey[]): Origin => {
    for (const source of sources) {
      const origin = source.originOf(path);
      if (origin !== undefined) return origin;
    }
    return "default";
  };
  const { settings, faults } = readSettings(merge(sources));
  const known = sources.flatMap((source) => source.faults);
  // A value that could not be read is reported once, and not as an invalid value too.
  const reported = new Set(known.map(({ path }) => fieldOf(path)));
  const all = [...known, ...faults.filter(({ path }) => !reported.has(fieldOf(path)))];
  if (all.length > 0 || settings === undefined) {
    throw faultsError(all, (path) => {
      const origin = originOf(path);
      return origin === "default" ? undefined : origin;
    });
  }
  const config = resolved(settings, environment);
  return {
    config,
    file,
    warnings: [...warnings, ...warningsOf(config, config.locustClusters)],
    settings: flatten(settings, [], (path) => givenBy(sources, path) ?? "default"),
    again: () => loadConfig(flags, environment),
  };
};

/** Reports all faults at once: valid sections are checked against each other even where another section is invalid. */
export const readSettings = (
  values: Record<string, unknown>,
): { readonly settings: Settings | undefined; readonly faults: Fault[] } => {
  const parsed = Settings.safeParse(values, { reportInput: true });
  if (parsed.success) {
    const clusters = parsed.data.locustClusters?.map(clusterOf) ?? [];
    return { settings: parsed.data, faults: crossFaults(parsed.data, clusters) };
  }
  const valid = Object.entries(Settings.shape).flatMap(([section, schema]) => {
    const part = schema.safeParse(values[section]);
    return part.success ? [[section, part.data]] : [];
  });
  const { locustClusters: given } = values;
  const clusters = (Array.isArray(given) ? given : []).map((one: unknown) => {
    const cluster = Cluster.safeParse(one);
    return cluster.success ? clusterOf(cluster.data) : undefined;
  });
  const faults = faultsOf(Settings, parsed.error.issues);
  return {
    settings: undefined,
    faults: [...faults, ...crossFaults(Object.fromEntries(valid) as Partial<Settings>, clusters)],
  };
};

const holds = (value: unknown, [part, ...rest]: readonly PropertyKey[]): boolean =>
  part === undefined ||
  (typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, part) &&
    holds((value as Record<PropertyKey, unknown>)[part], rest));

/** The origin of exactly this setting: its section may come from a file although the setting is a default. */
const givenBy = (sources: readonly Source[], path: readonly PropertyKey[]): Origin | undefined => {
  const older = path.map((part) => (part === "projectId" ? "projectID" : part));
  for (const { values, originOf } of sources) {
    const given = [path, older].find((one) => holds(values, one));
    if (given !== undefined) return originOf(given);
  }
  return undefined;
};

/** For each setting the first source wins. A list is one setting. */
const merge = (sources: readonly Source[]): Record<string, unknown> => {
  const merged: Record<string, unknown> = {};
  for (const { values } of sources.toReversed()) {
    for (const [section, value] of Object.entries(values)) {
      const plain = typeof value === "object" && value !== null && !Array.isArray(value);
      merged[section] = plain ? { ...(merged[section] as object | undefined), ...value } : value;
    }
  }
  return merged;
};

/** The cluster of a server without any. Without tokens its only users are those of this machine. */
const everyScope = (settings: Settings): ClusterConfig => ({
  id: "local",
  kind: "local",
  scope: {},
  maxConcurrentRuns: 1,
  workers: 2,
  maxWorkers: 2,
  allowPackages: !hasTokens(settings),
});

/** Settings of pip, proxies and certificates, and the places of its files. */
const OF_PIP =
  /^(?:PIP_.+|(?:https?|no|all)_proxy|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|NETRC|HOME|XDG_(?:CONFIG_(?:HOME|DIRS)|CACHE_HOME))$/i;
/** They would install other packages, or at another place. */
const NOT_OF_PIP =
  /^PIP_(?:TARGET|PREFIX|ROOT|USER|PYTHON|REQUIREMENT|EDITABLE|DRY_RUN|IGNORE_INSTALLED|NO_DEPS)$/;

const pipVariablesIn = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && OF_PIP.test(name) && !NOT_OF_PIP.test(name) ? [[name, value]] : [],
    ),
  );

const resolved = (settings: Settings, environment: NodeJS.ProcessEnv): Config => ({
  ...settings,
  store: { ...settings.store, dataDir: resolve(settings.store.dataDir) },
  locustClusters: settings.locustClusters?.map(clusterOf) ?? [everyScope(settings)],
  defaultCluster: settings.locustClusters === undefined,
  failpoint: environment["LM_FAILPOINT"],
  python: onPath(environment["LOAD_MANAGER_PYTHON"] ?? "python3", environment["PATH"] ?? ""),
  pipEnvironment: pipVariablesIn(environment),
});

/** The absolute path of a program: Locust's processes do not inherit the server's PATH. */
const onPath = (program: string, path: string): string =>
  program.includes("/")
    ? resolve(program)
    : (path
        .split(delimiter)
        .map((folder) => join(folder, program))
        .find((candidate) => isAbsolute(candidate) && existsSync(candidate)) ?? program);

const clusterOf = (cluster: NonNullable<Settings["locustClusters"]>[number]): ClusterConfig => {
  const { id } = cluster;
  const scope: ScopeFilter = scopeOf(cluster);
  if (cluster.kind === "attached") {
    const { baseUrl, authToken } = cluster;
    return {
      id,
      scope,
      maxConcurrentRuns: 1,
      kind: "attached",
      baseUrl,
      ...(authToken === undefined ? {} : { authToken }),
    };
  }
  const { maxConcurrentRuns, workers, maxWorkers = workers, python, maxEndpoints } = cluster;
  const { allowPackages = scope.projectId !== undefined } = cluster;
  return {
    id,
    scope,
    maxConcurrentRuns,
    kind: "local",
    workers,
    maxWorkers,
    allowPackages,
    ...(python === undefined ? {} : { python }),
    ...(maxEndpoints === undefined ? {} : { maxEndpoints }),
  };
};

const flatten = (
  value: unknown,
  path: readonly PropertyKey[],
  originOf: (path: readonly PropertyKey[]) => Origin,
): { path: string; value: unknown; origin: Origin }[] => {
  const secret = SECRETS.has(String(path.at(-1)));
  const nested = typeof value === "object" && value !== null && !secret;
  if (nested && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, part]) =>
      flatten(part, [...path, Array.isArray(value) ? Number(key) : key], originOf),
    );
  }
  const none = Array.isArray(value) && value.length === 0;
  return [{ path: fieldOf(path), value: secret && !none ? "***" : value, origin: originOf(path) }];
};
