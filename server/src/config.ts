import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { z } from "zod";
import { ambiguousPairs, type ClusterConfig } from "./clusters/resolve.ts";
import { SECRETS, Settings } from "./config/schema.ts";
import {
  configFileOf,
  environmentSource,
  flagSource,
  type Origin,
  type Source,
  yamlSource,
} from "./config/sources.ts";
import { AppError } from "./lib/errors.ts";

/** Everything that can be set, resolved: flags over environment over YAML over defaults. */
export type Config = Omit<Settings, "locustClusters"> & {
  readonly locustClusters: readonly ClusterConfig[];
  /** No cluster is configured; one local cluster serves every scope. */
  readonly defaultCluster: boolean;
  /** The Python of local clusters, and the one that reads scripts. */
  readonly python: string;
};

export type LoadedConfig = {
  readonly config: Config;
  readonly file: string | undefined;
  readonly warnings: readonly string[];
  /** Every setting in force with where it comes from; secrets are shown as "***". */
  readonly settings: readonly {
    readonly path: string;
    readonly value: unknown;
    readonly origin: Origin;
  }[];
};

export type Flags = {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly dataDir?: string | undefined;
};

const DEFAULT_FILE = "load-manager.yaml";

/** Rejects with AppError validation; its `fields` name the settings, its detail also where they stand. */
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
    }),
    fromEnvironment,
    ...(file === undefined ? [] : [yamlSource(file)]),
  ];
  const originOf = (path: readonly PropertyKey[]): Origin => {
    for (const source of sources) {
      const origin = source.originOf(path);
      if (origin !== undefined) return origin;
    }
    return "default";
  };
  const parsed = Settings.safeParse(merge(sources));
  if (!parsed.success) throw problems(parsed.error.issues, originOf);
  const config = resolved(parsed.data, environment);
  check(config, originOf);
  return { config, file, warnings, settings: flatten(parsed.data, [], originOf) };
};

/** The first source wins, per setting; lists are settings as a whole. */
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

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .slice(1);

const problems = (
  issues: readonly z.core.$ZodIssue[],
  originOf: (path: readonly PropertyKey[]) => Origin,
): AppError => {
  const found = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not a setting" }))
      : [{ path: issue.path, message: issue.message }],
  );
  const lines = found.map(({ path, message }) => {
    const origin = originOf(path);
    return `${origin === "default" ? "" : `${origin}: `}${pathText(path)} ${message}`;
  });
  return new AppError("validation", lines.join("\n"), {
    fields: found.map(({ path, message }) => ({ field: pathText(path), message })),
  });
};

const EVERY_SCOPE: ClusterConfig = {
  id: "local",
  kind: "local",
  scope: {},
  maxConcurrentRuns: 1,
  workers: 2,
};

const resolved = (settings: Settings, environment: NodeJS.ProcessEnv): Config => ({
  ...settings,
  store: { ...settings.store, dataDir: resolve(settings.store.dataDir) },
  locustClusters: settings.locustClusters?.map(clusterOf) ?? [EVERY_SCOPE],
  defaultCluster: settings.locustClusters === undefined,
  python: onPath(environment["LOAD_MANAGER_PYTHON"] ?? "python3", environment["PATH"] ?? ""),
});

/** Locust's processes get a scrubbed environment: what is found here must not depend on theirs. */
const onPath = (program: string, path: string): string =>
  program.includes("/")
    ? resolve(program)
    : (path
        .split(delimiter)
        .map((folder) => join(folder, program))
        .find((candidate) => isAbsolute(candidate) && existsSync(candidate)) ?? program);

const clusterOf = (cluster: NonNullable<Settings["locustClusters"]>[number]): ClusterConfig => {
  const { id, accountId, orgId, projectId, envId } = cluster;
  const scope = {
    ...(accountId === undefined ? {} : { accountId }),
    ...(orgId === undefined ? {} : { orgId }),
    ...(projectId === undefined ? {} : { projectId }),
    ...(envId === undefined ? {} : { envId }),
  };
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
  const { maxConcurrentRuns, workers, python, maxEndpoints } = cluster;
  return {
    id,
    scope,
    maxConcurrentRuns,
    kind: "local",
    workers,
    ...(python === undefined ? {} : { python }),
    ...(maxEndpoints === undefined ? {} : { maxEndpoints }),
  };
};

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

export const hasTokens = ({ security }: Pick<Config, "security">): boolean =>
  security.apiToken !== undefined || security.apiTokens.length > 0;

/** What no single setting can tell. */
const check = (config: Config, originOf: (path: readonly PropertyKey[]) => Origin): void => {
  const fail = (path: readonly PropertyKey[], message: string): never => {
    throw problems([{ code: "custom", path: [...path], message, input: undefined }], originOf);
  };
  const seen = new Set<string>();
  config.locustClusters.forEach(({ id }, index) => {
    if (seen.has(id)) fail(["locustClusters", index, "id"], `${JSON.stringify(id)} is there twice`);
    seen.add(id);
  });
  for (const [one, other] of ambiguousPairs(config.locustClusters)) {
    fail(
      ["locustClusters", config.locustClusters.indexOf(other)],
      `serves the same scope as ${one.id}; no load test could tell ${one.id} and ${other.id} apart without naming one`,
    );
  }
  if (config.store.kind === "mongodb" && config.mongodb.uri === undefined) {
    fail(["mongodb", "uri"], "is needed where store.kind is mongodb");
  }
  if (!hasTokens(config) && !LOOPBACK.has(config.server.host)) {
    fail(
      ["server", "host"],
      "must be 127.0.0.1 while no security.apiToken is set: anybody could start load tests",
    );
  }
  if (hasTokens(config) && config.security.locustCallbackToken.length === 0) {
    fail(
      ["security", "locustCallbackToken"],
      "is needed where API tokens are set: Locust could not hand in its figures",
    );
  }
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
  return [{ path: pathText(path), value: secret && !none ? "***" : value, origin: originOf(path) }];
};
