import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";
import { AppError } from "../lib/errors.ts";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";

const fileOf = (text: string): string => {
  const file = join(temporaryFolder(), "config.yaml");
  writeFileSync(file, text);
  return file;
};
const load = (text: string, env: Record<string, string> = {}, flags: Record<string, string> = {}) =>
  loadConfig({ config: fileOf(text), ...flags }, env);
const refused = (text: string, env: Record<string, string> = {}): string => {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
};
const CLUSTER = "accountId: a, orgId: o, projectId: p, baseUrl: 'http://127.0.0.1:8089'";

describe("the configuration", () => {
  test("without anything: loopback, SQLite, one local cluster for every scope", () => {
    const { config } = load("");
    expect(config.server).toEqual({
      host: "127.0.0.1",
      port: 8800,
      callbackUrls: [],
      trustProxy: [],
    });
    expect(config.defaultCluster).toBe(true);
    expect(config.locustClusters).toMatchObject([{ kind: "local", scope: {}, workers: 2 }]);
  });

  test("packages are installed on a cluster of one project, and without tokens on the default one", () => {
    const allowed = (text: string): unknown[] =>
      load(text).config.locustClusters.map((one) => "allowPackages" in one && one.allowPackages);
    const scoped = "kind: local, accountId: a";
    const clusters = [
      `{ id: a, ${scoped}, orgId: o, projectId: p }`,
      `{ id: b, ${scoped}, orgId: o, projectId: p, envId: e }`,
      `{ id: c, ${scoped}, orgId: o }`,
      "{ id: d, kind: local }",
      `{ id: e, ${scoped}, orgId: o, projectId: q, allowPackages: false }`,
      `{ id: f, ${scoped}, allowPackages: true }`,
    ];
    expect(allowed(`locustClusters: [${clusters.join(", ")}]\n`)).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(allowed("")).toEqual([true]);
    const tokens = "apiToken: a-long-token-Zk3, locustCallbackToken: another-one-Zk3";
    expect(allowed(`security: { ${tokens} }\n`)).toEqual([false]);
    expect(refused("locustClusters: [{ id: a, kind: local, allowPackages: 1 }]\n", {})).toMatch(
      /allowPackages.* must be true or false/,
    );
    expect(
      refused('locustClusters: [{ id: a, baseUrl: "http://x", allowPackages: true }]\n', {}),
    ).toMatch(/allowPackages/);
  });

  test("pip gets what says where packages come from, and nothing else of the environment", () => {
    const kept = {
      PIP_INDEX_URL: "http://127.0.0.1/simple",
      PIP_CERT: "/etc/cert",
      HTTPS_PROXY: "http://127.0.0.1:3128",
      no_proxy: "localhost",
      REQUESTS_CA_BUNDLE: "/etc/ca",
      HOME: "/home/operator",
    };
    const left = {
      PATH: "/bin",
      PIP_TARGET: "/tmp",
      PIP_REQUIREMENT: "/tmp/r",
      LOAD_MANAGER_SECURITY_API_TOKEN: "a-long-token-Zk3",
      LOAD_MANAGER_SECURITY_LOCUST_CALLBACK_TOKEN: "another-one-Zk3",
      AWS_SECRET_ACCESS_KEY: "x",
      PYTHONPATH: "/tmp",
    };
    expect(load("", { ...kept, ...left }).config.pipEnvironment).toEqual(kept);
  });

  test("flags override the environment, which overrides the file, which overrides defaults; each setting has its origin", () => {
    const text = "server:\n  port: 1111\n  host: localhost\nstore: { kind: memory }\n";
    const loaded = load(text, { LOAD_MANAGER_SERVER_PORT: "2222" }, { port: "3333" });
    expect(loaded.config.server).toMatchObject({ port: 3333, host: "localhost" });
    expect(load(text, { LOAD_MANAGER_SERVER_PORT: "2222" }).config.server.port).toBe(2222);
    const origin = (path: string) => loaded.settings.find((one) => one.path === path)?.origin;
    expect(origin("server.port")).toBe("--port");
    expect(origin("server.host")).toMatch(/config\.yaml:3:3$/);
    expect(origin("orchestrator.maxDurationSeconds")).toBe("default");
  });

  test("the level of the log is info, and comes from the flag, the environment or the file", () => {
    const text = "logging: { level: debug }\n";
    const env = { LOAD_MANAGER_LOGGING_LEVEL: "warn" };
    expect(load("").config.logging).toEqual({ level: "info" });
    expect(load(text).config.logging.level).toBe("debug");
    expect(load(text, env).config.logging.level).toBe("warn");
    const { config, settings } = load(text, env, { logLevel: "silent" });
    expect(config.logging.level).toBe("silent");
    const given = settings.find(({ path }) => path === "logging.level");
    expect(given?.origin).toBe("--log-level");
    expect(refused("", { LOAD_MANAGER_LOGGING_LEVEL: "loud" })).toMatch(
      /LOAD_MANAGER_LOGGING_LEVEL: logging\.level must be one of trace, debug, info/,
    );
  });

  test("the origin of a default is neither the section around it nor an ignored variable", () => {
    const cluster = CLUSTER.replace("projectId", "projectID");
    const text = `store: { kind: memory }\nserver: { callbackUrls: ['http://a'] }\nlocustClusters:\n  - { id: a, ${cluster} }\n  - { id: b, kind: local }\n`;
    const { settings } = load(text, {
      LOAD_MANAGER_SERVER_CALLBACK_URLS: "x",
      LOAD_MANAGER_SERVER_PORT_FILE: "x",
      LOAD_MANAGER_RETENTION_SECONDS_DAYS: "3",
    });
    const origins = Object.fromEntries(settings.map((one) => [one.path, one.origin]));
    expect(origins).toMatchObject({
      "store.kind": expect.stringMatching(/:1:10$/),
      "store.dataDir": "default",
      "server.port": "default",
      "server.callbackUrls[0]": expect.stringMatching(/:2:26$/),
      "security.apiTokens": "default",
      "locustClusters[0].projectId": expect.stringMatching(/:4:\d+$/),
      "locustClusters[1].workers": "default",
      "retention.secondsDays": "LOAD_MANAGER_RETENTION_SECONDS_DAYS",
    });
  });

  test("a cluster with a baseUrl is attached, also with the older spelling projectID", () => {
    const text = `locustClusters:\n  - id: c\n    baseUrl: http://127.0.0.1:8089\n    accountId: a\n    orgId: o\n    projectID: p\n    authToken: t\n`;
    expect(load(text).config.locustClusters).toEqual([
      {
        id: "c",
        kind: "attached",
        scope: { accountId: "a", orgId: "o", projectId: "p" },
        maxConcurrentRuns: 1,
        baseUrl: "http://127.0.0.1:8089",
        authToken: "t",
      },
    ]);
  });

  test("secrets are not shown; unknown variables are warnings, but variables of the plugin are not", () => {
    const loaded = load(
      "security: { apiToken: 0123456789abcdef, locustCallbackToken: [callback-one, callback-two] }",
      {
        LOAD_MANAGER_SERVER_PROT: "1",
        LOAD_MANAGER_TOKEN: "x",
      },
    );
    expect(JSON.stringify(loaded.settings)).not.toContain("0123456789abcdef");
    expect(loaded.config.security.locustCallbackToken).toEqual(["callback-one", "callback-two"]);
    expect(loaded.warnings).toEqual([
      'LOAD_MANAGER_SERVER_PROT is not a setting, and is ignored (did you mean "LOAD_MANAGER_SERVER_PORT"?).',
    ]);
  });

  test("all faults are told in the order of their lines, each with the nearest name", () => {
    const text = `server: { prot: 1 }
locustClusters:
  - { id: a, baseURl: "http://x:1", accountId: a, orgId: o, projectId: p }
  - { id: b, baseUrl: "http://y:1", acountId: a, orgId: o, projectId: q }
  - { id: c, kind: locall }
store: { kind: mongo }
`;
    const lines = refused(text).split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/:1:11: server\.prot is not a setting \(did you mean "port"\?\)$/),
      expect.stringMatching(/:3:5: locustClusters\[0\]\.baseUrl must be/),
      expect.stringMatching(/:3:14: .*baseURl is not a setting \(did you mean "baseUrl"\?\)$/),
      expect.stringMatching(/:4:5: locustClusters\[1\]\.accountId is required$/),
      expect.stringMatching(/:4:37: .*acountId is not a setting \(did you mean "accountId"\?\)$/),
      expect.stringMatching(
        /:5:14: .*kind must be "attached" or "local" \(did you mean "local"\?\)/,
      ),
      expect.stringMatching(/:6:10: store\.kind must be/),
    ]);
  });

  test("two clusters with one address are refused", () => {
    const text = `locustClusters:
  - { id: one, accountId: a, orgId: o, projectId: p, baseUrl: "http://LOCUST:8089" }
  - { id: two, accountId: a, orgId: o, projectId: q, baseUrl: "http://locust:8089/" }
`;
    expect(refused(text)).toMatch(
      /:3:\d+: locustClusters\[1\]\.baseUrl is the address of the cluster one too$/,
    );
  });

  test("tokens of scopes beside a local cluster of several projects are a warning", () => {
    const tokens = `security: { locustCallbackToken: fedcba9876543210, apiTokens: [{ name: t, token: 0123456789abcdef, accountId: a }] }\n`;
    const of = (cluster: string) => load(`${tokens}${cluster}`).warnings;
    const warning = [expect.stringMatching(/^The local cluster \w+ serves more than one project/)];
    expect(of("")).toEqual(warning);
    expect(of("locustClusters: [{ id: l, kind: local, accountId: a, orgId: o }]\n")).toEqual(
      warning,
    );
    const own = "{ id: l, kind: local, accountId: a, orgId: o, projectId: p }";
    expect(of(`locustClusters: [${own}]\n`)).toEqual([]);
    expect(load("").warnings).toEqual([]);
  });

  test("MongoDB settings come from the file or the environment; the URI may contain a password and is not shown", () => {
    const loaded = load("store: { kind: mongodb }", {
      LOAD_MANAGER_MONGODB_URI: "mongodb://me:hidden@127.0.0.1/",
      LOAD_MANAGER_MONGODB_CONNECT_TIMEOUT_SECONDS: "3",
    });
    expect(loaded.config.mongodb).toEqual({
      uri: "mongodb://me:hidden@127.0.0.1/",
      database: "load_manager",
      connectTimeoutSeconds: 3,
      maxPoolSize: 20,
    });
    expect(JSON.stringify(loaded.settings)).not.toContain("hidden");
  });

  test.each([
    [
      "server:\n  prot: 1\n",
      /config\.yaml:2:3: server\.prot is not a setting \(did you mean "port"\?\)$/,
    ],
    ["server:\n  port: [\n", /config\.yaml:\d+:\d+: this is not YAML/],
    [
      "server:\n  port: 99999\n",
      /config\.yaml:2:3: server\.port must be a whole number from 0 to 65535/,
    ],
    ["- a\n", /must be a map/],
    [
      "server:\n  trustProxy: [loopback, foo]\n",
      /config\.yaml:2:26: server\.trustProxy\[1\] must be an address such as/,
    ],
    ['server: { trustProxy: ["*"] }\n', /:1:24: server\.trustProxy\[0\] must be an address/],
    [
      "server: { trustProxy: [10.0.0.0/99] }\n",
      /:1:24: server\.trustProxy\[0\] must be an address/,
    ],
    ["mongodb: { uri: x }\n", /:1:12: mongodb\.uri must begin with mongodb:\/\//],
    ["mongo: { uri: x }\n", /:1:1: mongo is not a setting \(did you mean "mongodb"\?\)/],
    [
      "locustClusters:\n  - id: a\n    kind: local\n    worker: 3\n",
      /:4:5: locustClusters\[0\]\.worker is not a setting \(did you mean "workers"\?\)/,
    ],
    ["store: { kind: mongodb }\n", /mongodb\.uri is required where store\.kind is mongodb/],
    ["store: { kind: mysql }\n", /store\.kind must be "sqlite", "mongodb" or "memory"/],
    ["locustClusters: [{ id: a }]\n", /locustClusters\[0\].*must have a baseUrl/],
    [
      "locustClusters: [{ id: a, baseUrl: 'http://x', accountId: a, orgId: o }]\n",
      /locustClusters\[0\]\.projectId/,
    ],
    [
      `locustClusters: [{ id: a, kind: local }, { id: a, kind: local, accountId: x }]\n`,
      /"a" is the id of two clusters/,
    ],
    [
      `locustClusters: [{ id: a, ${CLUSTER} }, { id: b, ${CLUSTER} }]\n`,
      /serves the same scope as a/,
    ],
    [
      "locustClusters: [{ id: a, kind: local, orgId: o }]\n",
      /accountId is required where orgId is given/,
    ],
    ["security: { apiToken: short }\n", /at least 16 characters/],
    ["server: { host: 0.0.0.0 }\n", /no security\.apiToken is set/],
    ["security: { apiToken: 0123456789abcdef }\n", /security\.locustCallbackToken is required/],
  ])("%j is refused with its file, line and column", (text, message) => {
    expect(refused(text)).toMatch(message);
  });

  test("the message of a wrong variable names it, and that of a missing file says so", () => {
    expect(refused("", { LOAD_MANAGER_SERVER_PORT: "many" })).toMatch(
      /^LOAD_MANAGER_SERVER_PORT: server\.port/,
    );
    expect(() => loadConfig({ config: "/no/such/file.yaml" }, {})).toThrow(/cannot be read/);
  });
});
