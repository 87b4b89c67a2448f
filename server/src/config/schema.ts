import { compile } from "@fastify/proxy-addr";
import { Scope, type ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";
import { Role } from "@load-manager/contract/api/access.ts";
import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";

const Text = z.string({ error: "must be text" }).min(1, "must not be empty");
const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int(error).min(min, error).max(max, error);
};
const hasCredentials = ({ username, password }: URL): boolean => username !== "" || password !== "";
const HttpUrl = z
  .string({ error: "must be an http or https URL" })
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: "must be an http or https URL, such as http://127.0.0.1:8089",
  })
  // fetch refuses such a URL, and URLs are shown in the clear.
  .refine((text) => !URL.canParse(text) || !hasCredentials(new URL(text)), {
    error: "must not contain a user name or a password; the token of a plugin is its authToken",
  });
const isProxyAddress = (text: string): boolean => {
  try {
    compile(text);
    return true;
  } catch {
    return false;
  }
};
const ProxyAddress = Text.refine(isProxyAddress, {
  error:
    "must be an address such as 10.0.0.9, a network such as 10.0.0.0/8, or loopback, linklocal or uniquelocal",
});
const MongoUri = z
  .string({ error: "must be text" })
  .regex(/^mongodb(\+srv)?:\/\/./, "must begin with mongodb:// or mongodb+srv://");

/** A level needs those above it: a project is one only within its organisation. */
const requireLevelsAbove = (scope: ScopeFilter, context: z.core.$RefinementCtx): void => {
  SCOPE_LEVELS.forEach((level, index) => {
    const above = SCOPE_LEVELS[index - 1];
    if (above === undefined || scope[level] === undefined || scope[above] !== undefined) return;
    const message = `is required where ${level} is given`;
    context.addIssue({ code: "custom", path: [above], message });
  });
};

const clusterBase = {
  id: Text.max(128).describe("The name that load tests and runs refer to."),
  accountId: Scope.shape.accountId.describe(
    "The cluster serves this account and everything below.",
  ),
  orgId: Scope.shape.orgId.describe("The cluster serves this organisation and everything below."),
  projectId: Scope.shape.projectId.describe(
    "The cluster serves this project and everything below.",
  ),
  envId: Scope.shape.envId.describe("The cluster serves this environment only."),
};

/** Accepts the older spelling `projectID`; a cluster with a `baseUrl` is attached. */
const withDefaults = (raw: unknown): unknown => {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const { projectID, ...rest } = raw as Record<string, unknown>;
  const spelled =
    projectID === undefined || "projectId" in rest ? raw : { ...rest, projectId: projectID };
  // A misspelt baseUrl is then named as such.
  const hasAddress = Object.keys(spelled).some((key) => didYouMean(key, ["baseUrl"]) !== "");
  return "kind" in spelled || !("baseUrl" in spelled || hasAddress)
    ? spelled
    : { ...spelled, kind: "attached" };
};

const KINDS = ["attached", "local"] as const;
const kindFault = (raw: unknown): string => {
  const kind = typeof raw === "object" && raw !== null && "kind" in raw ? raw.kind : undefined;
  return typeof kind === "string"
    ? `must be "attached" or "local"${didYouMean(kind, KINDS)}`
    : 'must have a baseUrl (an attached cluster), or kind: "local"';
};

export const Cluster = z.preprocess(
  withDefaults,
  z.discriminatedUnion(
    "kind",
    [
      z
        .strictObject({
          ...clusterBase,
          kind: z.literal("attached").describe("A Locust master that somebody else runs."),
          baseUrl: HttpUrl.describe("The address of Locust's web UI, as the server reaches it."),
          authToken: Text.optional().describe(
            "The token of the plugin there; default: security.locustCallbackToken.",
          ),
        })
        .describe("A Locust master that somebody else runs."),
      z
        .strictObject({
          ...clusterBase,
          accountId: clusterBase.accountId.optional(),
          orgId: clusterBase.orgId.optional(),
          projectId: clusterBase.projectId.optional(),
          kind: z.literal("local").describe("Locust is started on this machine for each run."),
          workers: whole(1, 64)
            .default(2)
            .describe("Locust workers of a run that names no number."),
          maxWorkers: whole(1, 64)
            .optional()
            .describe("Locust workers that a run may ask for; default: workers."),
          python: Text.optional().describe("The Python interpreter with Locust."),
          maxEndpoints: whole(1, 100_000)
            .optional()
            .describe(
              "Endpoints of a run with stats of their own; further ones are counted together.",
            ),
          allowPackages: z
            .boolean({ error: "must be true or false" })
            .optional()
            .describe(
              "Whether the packages of a script's requirements.txt are installed; default: true where accountId, orgId and projectId are given.",
            ),
          maxConcurrentRuns: whole(1, 100)
            .default(1)
            .describe("Runs at a time; further runs wait."),
        })
        .superRefine(requireLevelsAbove)
        .describe("Locust is started on this machine for each run."),
    ],
    { error: ({ input }) => kindFault(input) },
  ),
);

const ApiToken = z
  .strictObject({
    name: Text.describe(
      "The name of the caller, which no other token has; objects it creates carry it.",
    ),
    token: Text.describe("At least 16 random characters."),
    role: Role.exclude(["administrator"])
      .default("admin")
      .describe("What the token may do: viewer, runner, editor or admin."),
    accountId: Scope.shape.accountId.describe(
      "The token grants this account and everything below.",
    ),
    orgId: Scope.shape.orgId.optional().describe("The token grants this organisation only."),
    projectId: Scope.shape.projectId.optional().describe("The token grants this project only."),
    envId: Scope.shape.envId.describe("The token grants this environment only."),
  })
  .superRefine(requireLevelsAbove);

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Every setting, with its default. Unknown keys are errors. */
export const Settings = z.strictObject({
  server: z
    .strictObject({
      host: Text.default("127.0.0.1").describe(
        "The address to listen on; others than loopback need tokens.",
      ),
      port: whole(0, 65_535).default(8800).describe("The port to listen on; 0 takes any."),
      callbackUrls: z
        .array(HttpUrl)
        .default([])
        .describe(
          "Addresses at which Locust reaches this server, tried in order; default: the address it listens on.",
        ),
      publicUrl: HttpUrl.optional().describe(
        "The address at which people reach this server, for links, cookies and Locust's log.",
      ),
      trustProxy: z
        .array(ProxyAddress)
        .default([])
        .describe(
          "Addresses or networks of proxies whose X-Forwarded headers count: 10.0.0.0/8, loopback. Without them everybody behind a proxy has the proxy's address, and shares its limits.",
        ),
    })
    .prefault({})
    .describe("The address of the server."),
  store: z
    .strictObject({
      kind: z
        .enum(["sqlite", "memory", "mongodb"], {
          error: 'must be "sqlite", "mongodb" or "memory"',
        })
        .default("sqlite")
        .describe("The store; memory is lost when the server ends."),
      dataDir: Text.default(".load-manager").describe(
        "The folder of the SQLite databases and of the runs of local clusters.",
      ),
    })
    .prefault({})
    .describe("The storage."),
  mongodb: z
    .strictObject({
      uri: MongoUri.optional().describe(
        "The address of MongoDB; required where store.kind is mongodb.",
      ),
      database: Text.max(63).default("load_manager").describe("The database."),
      connectTimeoutSeconds: whole(1, 300)
        .default(10)
        .describe("How long the server waits for MongoDB at its start."),
      maxPoolSize: whole(1, 1000).default(20).describe("The maximum number of connections."),
    })
    .prefault({})
    .describe("MongoDB, for store.kind mongodb."),
  locustClusters: z
    .array(Cluster)
    .optional()
    .describe(
      "The clusters that run load tests. Default: one local cluster that serves every scope.",
    ),
  security: z
    .strictObject({
      apiToken: Text.optional().describe("The administrator's token: at least 16 characters."),
      apiTokens: z.array(ApiToken).default([]).describe("Tokens for one scope each."),
      locustCallbackToken: z
        .union([Text, z.array(Text)], { error: "must be a token, or a list of tokens" })
        .transform((value) => (Array.isArray(value) ? value : [value]))
        .prefault([])
        .describe(
          "The token that Locust sends with its metrics, at least 12 characters; during a rotation a list, the new one first.",
        ),
    })
    .prefault({})
    .describe("Tokens."),
  orchestrator: z
    .strictObject({
      metricsPollIntervalSeconds: whole(1, 60)
        .default(2)
        .describe("How often the stats of a Locust without the plugin are read."),
      maxDurationSeconds: whole(1, 31_536_000)
        .default(14_400)
        .describe("The longest run of a load test without maxDurationSec."),
      externalMaxDurationSeconds: whole(1, 31_536_000)
        .optional()
        .describe("The longest run that was started at Locust itself; default: no limit."),
      pendingTimeoutSeconds: whole(1, 31_536_000)
        .default(86_400)
        .describe("How long a run waits for its cluster."),
    })
    .prefault({})
    .describe("Limits of runs."),
  retention: z
    .strictObject({
      secondsDays: whole(1, 36_500).default(14).describe("How long one-second metrics are kept."),
      tenSecondsDays: whole(1, 36_500)
        .default(90)
        .describe("How long ten-second metrics are kept; one-minute metrics stay."),
    })
    .prefault({})
    .describe("How long metrics are kept."),
  logging: z
    .strictObject({
      level: z
        .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` })
        .default("info")
        .describe("The least important lines that are logged; silent logs none."),
    })
    .prefault({})
    .describe("The server's log, on standard error."),
});
export type Settings = z.output<typeof Settings>;

/** Settings with one value, which may be set in the environment: `server.port` is LOAD_MANAGER_SERVER_PORT. */
export const SCALARS: Readonly<Record<string, "text" | "number">> = {
  "server.host": "text",
  "server.port": "number",
  "server.publicUrl": "text",
  "store.kind": "text",
  "store.dataDir": "text",
  "mongodb.uri": "text",
  "mongodb.database": "text",
  "mongodb.connectTimeoutSeconds": "number",
  "mongodb.maxPoolSize": "number",
  "security.apiToken": "text",
  "security.locustCallbackToken": "text",
  "orchestrator.metricsPollIntervalSeconds": "number",
  "orchestrator.maxDurationSeconds": "number",
  "orchestrator.externalMaxDurationSeconds": "number",
  "orchestrator.pendingTimeoutSeconds": "number",
  "retention.secondsDays": "number",
  "retention.tenSecondsDays": "number",
  "logging.level": "text",
};

/** Names of numeric settings in sections and clusters. */
export const NUMBERS: ReadonlySet<string> = new Set([
  ...Object.keys(SCALARS)
    .filter((path) => SCALARS[path] === "number")
    .map((path) => path.split(".")[1] ?? path),
  "workers",
  "maxWorkers",
  "maxEndpoints",
  "maxConcurrentRuns",
]);

export const SECRETS: ReadonlySet<string> = new Set([
  "apiToken",
  "token",
  "authToken",
  "locustCallbackToken",
  // It may hold a password.
  "uri",
]);
