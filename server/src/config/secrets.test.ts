import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";
import { AppError } from "../lib/errors.ts";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const load = (text: string, env: Record<string, string> = {}) =>
  loadConfig({ config: write("config.yaml", text) }, env);
const refused = (text: string, env: Record<string, string> = {}): AppError => {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
};
const API = "Zk3-administrator-9";
const CALLBACK = "Zk3-callback-9";
const GOOD = `security: { apiToken: ${API}, locustCallbackToken: ${CALLBACK} }\n`;

describe("secrets from files", () => {
  test("every secret may be in a file that a variable names; the origin is that variable", () => {
    const loaded = load("store: { kind: mongodb }", {
      LOAD_MANAGER_SECURITY_API_TOKEN_FILE: write("api", `${API}\n`),
      LOAD_MANAGER_SECURITY_LOCUST_CALLBACK_TOKEN_FILE: write("cb", `${CALLBACK}\n${CALLBACK}2\n`),
      LOAD_MANAGER_MONGODB_URI_FILE: write("uri", "mongodb://127.0.0.1/"),
    });
    expect(loaded.config.security).toMatchObject({
      apiToken: API,
      locustCallbackToken: [CALLBACK, `${CALLBACK}2`],
    });
    expect(loaded.config.mongodb.uri).toBe("mongodb://127.0.0.1/");
    expect(loaded.warnings).toEqual([]);
    expect(loaded.settings).toContainEqual({
      path: "security.apiToken",
      value: "***",
      origin: "LOAD_MANAGER_SECURITY_API_TOKEN_FILE",
    });
  });

  test.each([
    [
      { LOAD_MANAGER_SECURITY_API_TOKEN_FILE: "/no/such" },
      /^LOAD_MANAGER_SECURITY_API_TOKEN_FILE: security\.apiToken cannot be read from \/no\/such: ENOENT/,
    ],
    [
      { LOAD_MANAGER_SECURITY_API_TOKEN_FILE: write("empty", " \n") },
      /API_TOKEN_FILE: security\.apiToken .*the file is empty/,
    ],
    [
      { LOAD_MANAGER_MONGODB_URI_FILE: "/x", LOAD_MANAGER_MONGODB_URI: "mongodb://a" },
      /mongodb\.uri is also set by LOAD_MANAGER_MONGODB_URI_FILE; set only one/,
    ],
  ])("%j is refused", (env, message) => {
    expect(refused("", env).message).toMatch(message);
  });

  test("a setting that is not a secret has no _FILE variable", () => {
    expect(load("", { LOAD_MANAGER_SERVER_HOST_FILE: "x" }).warnings).toHaveLength(1);
  });
});

describe("substitutions in the file", () => {
  test("are variables, their defaults, files, numbers, and an escaped ${", () => {
    write("team", "token-of-the-team\n");
    const text = `
server: { host: "\${HOST:-localhost}", port: "\${PORT}" }
security:
  apiToken: \${TOKEN}
  locustCallbackToken: ["\${CALLBACK}-9", other-callback]
  apiTokens:
    - { name: "$\${plain} \${EMPTY:-team}", token: "\${file:team}", accountId: $acme }
store: { kind: mongodb }
mongodb: { uri: "mongodb://me:\${PASSWORD}@\${HOST:-127.0.0.1}/" }
`;
    const env = { PORT: "1234", TOKEN: "90123456789012347", CALLBACK: "Zk3-callback", EMPTY: "" };
    const { config, settings } = load(text, { ...env, PASSWORD: "hidden" });
    expect(config.server).toMatchObject({ host: "localhost", port: 1234 });
    expect(config.security).toEqual({
      apiToken: "90123456789012347",
      locustCallbackToken: ["Zk3-callback-9", "other-callback"],
      apiTokens: [
        { name: "${plain} team", token: "token-of-the-team", role: "admin", accountId: "$acme" },
      ],
    });
    expect(config.mongodb.uri).toBe("mongodb://me:hidden@127.0.0.1/");
    expect(JSON.stringify(settings)).not.toMatch(/hidden|9012|token-of/);
  });

  test.each([
    [
      "security:\n  locustCallbackToken: ${NOPE}\n",
      /^\S+:2:3: security\.locustCallbackToken needs the variable NOPE, which is not set$/,
    ],
    [
      "server:\n  port: ${NOPE}\n",
      /^\S+:2:3: server\.port needs the variable NOPE, which is not set$/,
    ],
    [
      "server:\n  callbackUrls:\n    - http://a\n    - ${NOPE}\n",
      /:4:7: server\.callbackUrls\[1\] needs the variable NOPE/,
    ],
    ["server: { host: '${NOPE' }\n", /server\.host contains a \$\{ without its \}/],
    [
      "server: { host: '${a-b}' }\n",
      /contains \$\{a-b\}, which is not understood; write \$\{NAME\}/,
    ],
    [
      "server: { host: '${file:/no/such}' }\n",
      /server\.host cannot be read from \/no\/such: ENOENT/,
    ],
  ])("%j is refused once, with its file, line and column", (text, message) => {
    expect(refused(text).message).toMatch(message);
  });
});

describe("weak tokens", () => {
  test("strong tokens are accepted", () => {
    expect(load(GOOD).config.security.apiToken).toBe(API);
    for (const token of ["administrator-token", "0123456789abcdef", "f3a9c1d24b7e80561122aabb"]) {
      expect(load(GOOD.replace(API, token)).config.security.apiToken).toBe(token);
    }
  });

  test.each([
    ["short", /security\.apiToken is too short: it must have at least 16 characters/],
    ["a".repeat(40), /security\.apiToken is too weak: it must have at least 5 different/],
    ["'1212121212121212'", /at least 5 different/],
    ["x7-foo-x7-foo-x7-foo-", /repeats one short text/],
    ["passwordpassword", /repeats one short text/],
    ["changeme-password", /is a placeholder/],
    ["'my-secret-1234567890'", /is a placeholder/],
    ["'with a space inside'", /must not contain spaces/],
  ])("%s is refused", (token, message) => {
    expect(refused(GOOD.replace(API, token)).message).toMatch(message);
  });

  test.each([
    [
      `security: { apiToken: ${API}, locustCallbackToken: ${API} }`,
      /locustCallbackToken is the same as security\.apiToken/,
    ],
    [
      `security: { apiToken: ${API}, locustCallbackToken: ${CALLBACK}, apiTokens: [{ name: t, token: ${API}, accountId: a }] }`,
      /apiTokens\[0\]\.token is the same as security\.apiToken/,
    ],
    [
      `security: { locustCallbackToken: ${CALLBACK}, apiTokens: [{ name: t, token: ${API}, accountId: a }, { name: u, token: ${API}, accountId: b }] }`,
      /apiTokens\[1\]\.token is the same as the token of "t"/,
    ],
    [
      `security: { locustCallbackToken: ${CALLBACK}, apiTokens: [{ name: t, token: ${API}, accountId: a }, { name: t, token: ${API}-2, accountId: b }] }`,
      /apiTokens\[1\]\.name is the name of another token/,
    ],
    [
      `${GOOD}locustClusters: [{ id: a, baseUrl: 'http://x', accountId: a, orgId: o, projectId: p, authToken: ${API} }]`,
      /authToken is the same as security\.apiToken, which Locust must not know/,
    ],
  ])("the same token twice is refused", (text, message) => {
    expect(refused(text).message).toMatch(message);
    expect(refused(text).message).not.toContain(API);
  });
});

test("all errors are reported at once, each with its field", () => {
  const error = refused(`
server: { prot: 1, host: 0.0.0.0 }
store: { kind: mongodb }
security: { apiToken: short, locustCallbackToken: "\${NOPE}" }
locustClusters:
  - { id: a, kind: local }
  - { id: a, kind: local, accountId: x }
  - { id: b, kind: local, worker: 2 }
`);
  expect(error.fields.map(({ field }) => field)).toEqual([
    "mongodb.uri",
    "server.prot",
    "security.apiToken",
    "security.locustCallbackToken",
    "locustClusters[1].id",
    "locustClusters[2].worker",
  ]);
  expect(error.message.split("\n")).toHaveLength(6);
});

test.each([
  ["me:Zk3-hidden-9@", (url: string) => `server: { callbackUrls: ["${url}"] }\n`],
  ["Zk3-hidden-9@", (url: string) => `server: { callbackUrls: ["${url}"] }\n`],
  [
    ":Zk3-hidden-9@",
    (url: string) =>
      `locustClusters: [{ id: a, accountId: a, orgId: o, projectId: p, baseUrl: "${url}" }]\n`,
  ],
])("a URL with %s is refused, and the message does not repeat it", (who, text) => {
  const error = refused(text(`http://${who}127.0.0.1:8089`));
  expect(error.message).toMatch(
    /config\.yaml:1:\d+: \S+(baseUrl|callbackUrls\[0\]) must not contain a user name or a password/,
  );
  expect(error.message + JSON.stringify(error.fields)).not.toContain("hidden");
});
