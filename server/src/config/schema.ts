import { Scope, SCOPE_LEVELS, type ScopeFilter } from "@load-manager/contract/primitives.ts";
import { z } from "zod";

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
  // Nothing can be fetched from such an address, and addresses are shown where secrets are not.
  .refine((text) => !URL.canParse(text) || !hasCredentials(new URL(text)), {
    error: "must not hold a user name or a password; the token of a plugin is its authToken",
  });
const MongoUri = z
  .string({ error: "must be text" })
  .regex(/^mongodb(\+srv)?:\/\/./, "must begin with mongodb:// or mongodb+srv://");

/** A level needs those above it: a project is one only within its organisation. */
const requireLevelsAbove = (scope: ScopeFilter, context: z.core.$RefinementCtx): void => {
  SCOPE_LEVELS.forEach((level, index) => {
    const above = SCOPE_LEVELS[index - 1];
    if (above === undefined || scope[level] === undefined || scope[above] !== undefined) return;
    const message = `is needed where ${level} is given`;
    context.addIssue({ code: "custom", path: [above], message });
  });
};

const clusterBase = {
  id: Text.max(128).describe("Its name; load tests and runs refer to it."),
  accountId: Scope.shape.accountId.describe("It serves this account, and all below."),
  orgId: Scope.shape.orgId.describe("It serves this organisation, and all below."),
  projectId: Scope.shape.projectId.describe("It serves this project, and all below."),
  envId: Scope.shape.envId.describe("It serves this environment only."),
};

/** `projectID` is how older files spell it; a `baseUrl` makes a cluster attached. */
const withDefaults = (raw: unknown): unknown => {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const { projectID, ...rest } = raw as Record<string, unknown>;
  const spelled =
    projectID === undefined || "projectId" in rest ? raw : { ...rest, projectId: projectID };
  return "kind" in spelled || !("baseUrl" in spelled) ? spelled : { ...spelled, kind: "attached" };
};

export const Cluster = z.preprocess(
  withDefaults,
  z.discriminatedUnion(
    "kind",
    [
      z
        .strictObject({
          ...clusterBase,
          kind: z.literal("attached").describe("A Locust master that somebody runs."),
          baseUrl: HttpUrl.describe("Where Locust's own page is, seen from the server."),
          authToken: Text.optional().describe(
            "The token of the plugin there, where it is not security.locustCallbackToken.",
          ),
        })
        .describe("A Locust master that somebody runs."),
      z
        .strictObject({
          ...clusterBase,
          accountId: clusterBase.accountId.optional(),
          orgId: clusterBase.orgId.optional(),
          projectId: clusterBase.projectId.optional(),
          kind: z.literal("local").describe("Locust is started on this machine for each run."),
          workers: whole(1, 64).default(2).describe("Locust workers of each run."),
          python: Text.optional().describe("The Python that has Locust."),
          maxEndpoints: whole(1, 100_000)
            .optional()
            .describe("Endpoints of one run that are counted by themselves."),
          maxConcurrentRuns: whole(1, 100)
            .default(1)
            .describe("Runs at a time; others wait for their turn."),
        })
        .superRefine(requireLevelsAbove)
        .describe("Locust is started on this machine for each run."),
    ],
    { error: 'must have a baseUrl (an attached cluster), or kind: "local"' },
  ),
);

const ApiToken = z
  .strictObject({
    name: Text.describe("Who calls with it; it is written into what the caller makes."),
    token: Text.describe("At least 16 characters that nobody guesses."),
    accountId: Scope.shape.accountId.describe("It opens this account, and all below."),
    orgId: Scope.shape.orgId.optional().describe("It opens this organisation only."),
    projectId: Scope.shape.projectId.optional().describe("It opens this project only."),
    envId: Scope.shape.envId.describe("It opens this environment only."),
  })
  .superRefine(requireLevelsAbove);

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
        .describe("Where Locust reaches this server, in order; else the address it listens on."),
    })
    .prefault({})
    .describe("Where the server listens."),
  store: z
    .strictObject({
      kind: z
        .enum(["sqlite", "memory", "mongodb"], {
          error: 'must be "sqlite", "mongodb" or "memory"',
        })
        .default("sqlite")
        .describe("Where everything is kept; in memory it is gone when the server ends."),
      dataDir: Text.default(".load-manager").describe(
        "The folder of the SQLite databases and of the runs of local clusters.",
      ),
    })
    .prefault({})
    .describe("What is kept, and where."),
  mongodb: z
    .strictObject({
      uri: MongoUri.optional().describe("Where MongoDB is; needed where store.kind is mongodb."),
      database: Text.max(63).default("load_manager").describe("The database to use there."),
      connectTimeoutSeconds: whole(1, 300)
        .default(10)
        .describe("How long to wait for MongoDB at the start."),
      maxPoolSize: whole(1, 1000).default(20).describe("The most connections at a time."),
    })
    .prefault({})
    .describe("MongoDB, where store.kind is mongodb."),
  locustClusters: z
    .array(Cluster)
    .optional()
    .describe("Where runs run. Without any: one local cluster that serves every scope."),
  security: z
    .strictObject({
      apiToken: Text.optional().describe("The administrator's token: at least 16 characters."),
      apiTokens: z.array(ApiToken).default([]).describe("Tokens that open one scope each."),
      locustCallbackToken: z
        .union([Text, z.array(Text)], { error: "must be a token, or a list of tokens" })
        .transform((value) => (Array.isArray(value) ? value : [value]))
        .prefault([])
        .describe(
          "What Locust sends with its figures, at least 12 characters; a list while it is rotated, the new one first.",
        ),
    })
    .prefault({})
    .describe("Who may call."),
  orchestrator: z
    .strictObject({
      metricsPollIntervalSeconds: whole(1, 60)
        .default(2)
        .describe("How often a Locust without the plugin is asked for its figures."),
      maxDurationSeconds: whole(1, 31_536_000)
        .default(14_400)
        .describe("The longest run of a load test that sets no maxDurationSec of its own."),
      externalMaxDurationSeconds: whole(1, 31_536_000)
        .optional()
        .describe("The longest run that was started at Locust itself; else there is no limit."),
      pendingTimeoutSeconds: whole(1, 31_536_000)
        .default(86_400)
        .describe("How long a run waits for its cluster."),
    })
    .prefault({})
    .describe("Limits of runs."),
  retention: z
    .strictObject({
      secondsDays: whole(1, 36_500).default(14).describe("How long figures of a second are kept."),
      tenSecondsDays: whole(1, 36_500)
        .default(90)
        .describe("How long figures of ten seconds are kept; those of a minute stay."),
    })
    .prefault({})
    .describe("How long figures are kept."),
});
export type Settings = z.output<typeof Settings>;

/** Settings that hold one value, which the environment may therefore give: `server.port` is LOAD_MANAGER_SERVER_PORT. */
export const SCALARS: Readonly<Record<string, "text" | "number">> = {
  "server.host": "text",
  "server.port": "number",
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
};

/** Names of settings that are numbers, in sections and in clusters. */
export const NUMBERS: ReadonlySet<string> = new Set([
  ...Object.keys(SCALARS)
    .filter((path) => SCALARS[path] === "number")
    .map((path) => path.split(".")[1] ?? path),
  "workers",
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
