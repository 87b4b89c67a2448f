import { Scope } from "@load-manager/contract/primitives.ts";
import { z } from "zod";

const Text = z.string({ error: "must be text" }).min(1, "must not be empty");
const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int(error).min(min, error).max(max, error);
};
const HttpUrl = z
  .string({ error: "must be an http or https URL" })
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: "must be an http or https URL, such as http://127.0.0.1:8089",
  });

const MongoUri = z
  .string({ error: "must be text" })
  .regex(/^mongodb(\+srv)?:\/\/./, "must begin with mongodb:// or mongodb+srv://");

const clusterBase = { id: Text.max(128), ...Scope.partial().shape };

/** `projectID` is how older files spell it; a `baseUrl` makes a cluster attached. */
const withDefaults = (raw: unknown): unknown => {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const { projectID, ...rest } = raw as Record<string, unknown>;
  const spelled =
    projectID === undefined || "projectId" in rest ? raw : { ...rest, projectId: projectID };
  return "kind" in spelled || !("baseUrl" in spelled) ? spelled : { ...spelled, kind: "attached" };
};

const Cluster = z.preprocess(
  withDefaults,
  z.discriminatedUnion(
    "kind",
    [
      z.strictObject({
        ...clusterBase,
        kind: z.literal("attached"),
        accountId: Scope.shape.accountId,
        orgId: Scope.shape.orgId,
        projectId: Scope.shape.projectId,
        baseUrl: HttpUrl,
        authToken: Text.optional(),
      }),
      z
        .strictObject({
          ...clusterBase,
          kind: z.literal("local"),
          workers: whole(1, 64).default(2),
          python: Text.optional(),
          maxEndpoints: whole(1, 100_000).optional(),
          maxConcurrentRuns: whole(1, 100).default(1),
        })
        .superRefine((cluster, context) => {
          const levels = ["accountId", "orgId", "projectId", "envId"] as const;
          levels.forEach((level, index) => {
            const above = levels[index - 1];
            if (
              above !== undefined &&
              cluster[level] !== undefined &&
              cluster[above] === undefined
            ) {
              context.addIssue({
                code: "custom",
                path: [above],
                message: `is needed where ${level} is given`,
              });
            }
          });
        }),
    ],
    { error: 'must have a baseUrl (an attached cluster), or kind: "local"' },
  ),
);

const ApiToken = z
  .strictObject({
    name: Text,
    token: Text.min(16, "must have at least 16 characters"),
    accountId: Scope.shape.accountId,
    orgId: Scope.shape.orgId.optional(),
    projectId: Scope.shape.projectId.optional(),
    envId: Scope.shape.envId,
  })
  .superRefine((token, context) => {
    if (token.projectId !== undefined && token.orgId === undefined) {
      context.addIssue({
        code: "custom",
        path: ["orgId"],
        message: "is needed where projectId is given",
      });
    }
    if (token.envId !== undefined && token.projectId === undefined) {
      context.addIssue({
        code: "custom",
        path: ["projectId"],
        message: "is needed where envId is given",
      });
    }
  });

/** Every setting, with its default. Unknown keys are errors. */
export const Settings = z.strictObject({
  server: z
    .strictObject({
      host: Text.default("127.0.0.1"),
      port: whole(0, 65_535).default(8800),
      callbackUrls: z.array(HttpUrl).default([]),
    })
    .prefault({}),
  store: z
    .strictObject({
      kind: z
        .enum(["sqlite", "memory", "mongodb"], {
          error: 'must be "sqlite", "mongodb" or "memory"',
        })
        .default("sqlite"),
      dataDir: Text.default(".load-manager"),
    })
    .prefault({}),
  mongodb: z
    .strictObject({
      uri: MongoUri.optional(),
      database: Text.max(63).default("load_manager"),
      connectTimeoutSeconds: whole(1, 300).default(10),
      maxPoolSize: whole(1, 1000).default(20),
    })
    .prefault({}),
  locustClusters: z.array(Cluster).optional(),
  security: z
    .strictObject({
      apiToken: Text.min(16, "must have at least 16 characters").optional(),
      apiTokens: z.array(ApiToken).default([]),
      locustCallbackToken: z
        .union([Text, z.array(Text)], { error: "must be a token, or a list of tokens" })
        .transform((value) => (Array.isArray(value) ? value : [value]))
        .prefault([]),
    })
    .prefault({}),
  orchestrator: z
    .strictObject({
      metricsPollIntervalSeconds: whole(1, 60).default(2),
      maxDurationSeconds: whole(1, 31_536_000).default(14_400),
      externalMaxDurationSeconds: whole(1, 31_536_000).optional(),
      pendingTimeoutSeconds: whole(1, 31_536_000).default(86_400),
    })
    .prefault({}),
  retention: z
    .strictObject({
      secondsDays: whole(1, 36_500).default(14),
      tenSecondsDays: whole(1, 36_500).default(90),
    })
    .prefault({}),
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

export const SECRETS: ReadonlySet<string> = new Set([
  "apiToken",
  "token",
  "authToken",
  "locustCallbackToken",
  // It may hold a password.
  "uri",
]);
