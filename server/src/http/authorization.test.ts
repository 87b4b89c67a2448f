import { readFileSync } from "node:fs";
import { permissionsOf, Role } from "@load-manager/contract/api/access.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import { routes } from "@load-manager/contract/api/routes.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../lib/secrets.ts";
import { freshId, loadTestOf, runOf } from "../stores/testing/fixtures.ts";
import { SAMPLES_PATH } from "./app.ts";
import { SESSION_COOKIE } from "./cookies.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS } from "./testing/test-app.ts";

/** The object is in acme/web/shop/live; each caller's token is for one of these scopes. */
const OBJECT = { accountId: "acme", orgId: "web", projectId: "shop", envId: "live" };
const SCOPES: Readonly<Record<string, { readonly accountId: string } & ScopeFilter>> = {
  "its own scope": OBJECT,
  "its project": { accountId: "acme", orgId: "web", projectId: "shop" },
  "its account": { accountId: "acme" },
  "another environment": { ...OBJECT, envId: "staging" },
  "a project beside it": { accountId: "acme", orgId: "web", projectId: "other" },
  "a foreign scope": { ...OBJECT, accountId: "umbrella" },
};
const SEEING = ["its own scope", "its project", "its account"];
const ROLES = Role.options.filter((role) => role !== "administrator");
const SESSIONS = ["viewer", "editor", "admin"] as const;
const ENDED = ["a signed-out session", "an expired session", "a revoked session"] as const;
/** Callers with a scope; each of the others is the same in every scope. */
const SCOPED = [...ROLES, ...SESSIONS.map((role) => `a session of the ${role}` as const)] as const;
const CALLERS = [
  "nobody",
  "a wrong token",
  "the callback token",
  "administrator",
  ...ENDED,
  ...SCOPED,
] as const;
type CallerName = (typeof CALLERS)[number];
const scopesOf = (caller: CallerName): readonly string[] =>
  SCOPED.some((one) => one === caller) ? Object.keys(SCOPES) : ["its own scope"];

const tokenOf = (role: string, scope: string): string =>
  role === "administrator" ? TOKENS.admin : `token-of-${role}-in-${scope.replaceAll(" ", "-")}`;
const roleOf = (caller: CallerName): Role | undefined =>
  Role.options.find((role) => caller === role || caller === `a session of the ${role}`);

const { app, stores, call } = testApp((config) => ({
  ...config,
  security: {
    apiToken: TOKENS.admin,
    apiTokens: ROLES.flatMap((role) =>
      Object.entries(SCOPES).map(([name, scope]) => ({
        name: `${role} in ${name}`,
        token: tokenOf(role, name),
        role,
        ...scope,
      })),
    ),
    locustCallbackToken: [TOKENS.callback],
  },
}));
afterAll(() => app.close());
/** Everything that the server answers, as Fastify has it. */
const registered: string[] = [];
app.http.addHook("onRoute", ({ method, url }) => {
  for (const one of [method].flat()) registered.push(`${one} ${url}`);
});

const cookies = new Map<string, string>();
const ownHeaders = (cookie: string) => ({
  cookie: `${SESSION_COOKIE}=${cookie}`,
  "sec-fetch-site": "same-origin",
});
const signIn = async (role: string, scope: string): Promise<string> => {
  const body = { token: tokenOf(role, scope) };
  const answer = await call("POST", "/v1/session", { body, address: freshAddress() });
  expect(answer.status).toBe(201);
  return answer.headers["set-cookie"]?.toString().split(/[=;]/)[1] ?? "";
};
/** Each cell comes from another address, so that the limits of attempts do not count. */
let addresses = 0;
const freshAddress = (): string => {
  addresses += 1;
  return `10.1.${addresses >> 8}.${addresses & 255}`;
};

const NOW = 1_700_000_000_000;
const WEEK_MS = 7 * 24 * 3_600_000;
beforeAll(async () => {
  for (const role of SESSIONS) {
    for (const scope of Object.keys(SCOPES))
      cookies.set(`a session of the ${role} ${scope}`, await signIn(role, scope));
  }
  const out = await signIn("admin", "its own scope");
  await call("DELETE", "/v1/session", { headers: ownHeaders(out) });
  cookies.set("a signed-out session its own scope", out);
  const stored = async (name: string, token: string, createdAt: number) => {
    const session = { createdAt, lastUsedAt: NOW, version: 1 };
    await stores.sessions.create({
      id: digestOf(name),
      tokenDigest: digestOf(token),
      ...session,
    });
    cookies.set(`${name} its own scope`, name);
  };
  // Cookies are letters; these stand for themselves.
  const token = tokenOf("admin", "its own scope");
  await stored("an expired session", token, NOW - WEEK_MS - 1);
  await stored("a revoked session", "a-token-that-was-removed", NOW);
});

const credentialsOf = (caller: CallerName, scope: string) => {
  if (caller === "nobody") return {};
  if (caller === "a wrong token") return { token: "a-token-that-nobody-has" };
  if (caller === "the callback token")
    return { token: TOKENS.callback, headers: { "x-locust-token": TOKENS.callback } };
  const cookie = cookies.get(`${caller} ${scope}`);
  return cookie === undefined
    ? { token: tokenOf(caller, scope) }
    : { headers: ownHeaders(encodeURIComponent(cookie)) };
};

/** A load test with a script and an ended run, in OBJECT. */
const freshObjects = async () => {
  const loadTestId = freshId();
  const revisionId = freshId();
  const sha256 = "0".repeat(64);
  await stores.revisions.create(
    {
      id: revisionId,
      loadTestId,
      revisionNumber: 1,
      entrypoint: "locustfile.py",
      files: [{ path: "locustfile.py", size: SCRIPT.length, sha256 }],
      sha256,
      createdAt: 1,
      createdBy: "t",
    },
    new Map([[sha256, new TextEncoder().encode(SCRIPT)]]),
  );
  await stores.loadTests.create(
    loadTestOf({ id: loadTestId, ...OBJECT, latestRevisionId: revisionId, name: loadTestId }),
  );
  const run = runOf({ ...OBJECT, loadTestId, status: "Finished", finishedAt: 5, settledAt: 6 });
  await stores.runs.create(run);
  return { loadTestId, revisionId, runId: run.id, clusterId: "local" };
};
type Objects = Awaited<ReturnType<typeof freshObjects>>;

/** Valid bodies, so that only the caller decides the answer. */
const bodyOf = (key: string, { runId }: Objects): unknown => {
  const metrics = { totalRequests: 1, totalFailures: 0 };
  const bodies: Record<string, unknown> = {
    createLoadTest: { ...LOAD_TEST, ...OBJECT },
    saveScript: { content: SCRIPT },
    checkScript: { content: SCRIPT },
    checkCriteria: { expressions: ["p95 < 1 s"] },
    evaluateRun: { criteria: [] },
    changeRunLoad: { targetUsers: 1 },
    addRunEvent: { message: "x" },
    createSession: { token: TOKENS.admin },
    registerExternalRun: { ...OBJECT, targetUsers: 1, spawnRate: 1 },
    reportTestStart: { runId },
    reportTestStop: { runId },
    reportMetrics: { runId, metrics },
  };
  return bodies[key] ?? {};
};

/** What a caller who may gets, where that is no success: the object is not in the state for it. */
const ALLOWED: Readonly<Record<string, number>> = {
  // The run has ended.
  changeRunLoad: 409,
  // This server was not started from a configuration.
  reloadConfiguration: 409,
  // The only cluster is a local one.
  registerExternalRun: 409,
  // The server has tokens.
  startDemo: 409,
  getReadiness: 503,
};

type Cell = {
  readonly key: string;
  readonly route: Route;
  readonly caller: CallerName;
  readonly scope: string;
};
const isOnObject = ({ path }: Route): boolean =>
  /:(loadTestId|runId)/.test(path) || path === "/v1/load-tests";

/** 401, 403 or 404; `undefined` where the caller may. */
const refusalOf = ({ route, caller, scope }: Cell): number | undefined => {
  if (route.caller !== "user") {
    return route.caller === "anyone" || caller === "the callback token" ? undefined : 401;
  }
  const role = roleOf(caller);
  if (role === undefined) return 401;
  const sees = role === "administrator" || SEEING.includes(scope);
  const isList = route.method === "GET" && !route.path.includes(":");
  if (isOnObject(route) && !isList && !sees) return 404;
  if (!permissionsOf(role).includes(route.permission)) return 403;
  return undefined;
};

const all = Object.entries(routes) as [string, Route][];
const cells = all.flatMap(([key, route]) =>
  CALLERS.flatMap((caller) =>
    scopesOf(caller).map((scope): Cell => ({ key, route, caller, scope })),
  ),
);

/** The objects of the cells since the last one that may have changed them. */
let unchanged: Objects | undefined;

describe.each(all)("%s", (key, route) => {
  test.each(CALLERS)("called by %s", async (caller) => {
    for (const cell of cells.filter((one) => one.key === key && one.caller === caller)) {
      const objects = (unchanged ??= await freshObjects());
      const path = route.path.replaceAll(
        /:(\w+)/g,
        (_, name: string) => (objects as Record<string, string>)[name] ?? "none",
      );
      // The stream of changes does not end; of it the headers are asked for.
      const method = key === "streamChanges" ? "HEAD" : route.method;
      const answer = await call(method, path, {
        ...credentialsOf(caller, cell.scope),
        address: freshAddress(),
        ...(route.body === undefined ? {} : { body: bodyOf(key, objects) }),
      });
      const refused = refusalOf(cell);
      if (refused === undefined && route.method !== "GET") unchanged = undefined;
      const where = `${caller} with ${cell.scope}: ${answer.text.slice(0, 200)}`;
      const allowed = ALLOWED[key];
      if (refused !== undefined) expect([where, answer.status]).toEqual([where, refused]);
      else if (allowed !== undefined) expect([where, answer.status]).toEqual([where, allowed]);
      else expect([where, answer.status < 300]).toEqual([where, true]);
      const mayName = refused === undefined && isVisibleIn(cell);
      if (!mayName && !path.includes(objects.runId))
        expect(answer.text).not.toContain(objects.runId);
      // It has ended the session that the other cells use.
      if (key === "deleteSession" && caller.startsWith("a session of"))
        cookies.set(`${caller} ${cell.scope}`, await signIn(roleOf(caller) ?? "", cell.scope));
      if (refused === 403)
        expect(answer.text).toContain(route.caller === "user" ? route.permission : "");
    }
  });
});

/** Whether an answer may name objects of OBJECT. */
const isVisibleIn = ({ route, caller, scope }: Cell): boolean =>
  route.caller === "locust" || roleOf(caller) === "administrator" || SEEING.includes(scope);

test("a field may need a permission of its own: a runner names a run, and an editor keeps it", async () => {
  const patch = async (role: string, body: object) => {
    const { runId } = await freshObjects();
    const token = tokenOf(role, "its own scope");
    const answer = await call("PATCH", `/v1/runs/${runId}`, { token, body });
    return { status: answer.status, keep: (await stores.runs.get(runId))?.keep, text: answer.text };
  };
  expect(await patch("runner", { name: "x" })).toMatchObject({ status: 200, keep: false });
  const refused = await patch("runner", { name: "x", keep: true });
  expect(refused).toMatchObject({ status: 403, keep: false });
  expect(refused.text).toContain("runs.keep");
  expect(await patch("editor", { keep: true })).toMatchObject({ status: 200, keep: true });
});

test("objects carry who made them, whatever the body says", async () => {
  const token = tokenOf("admin", "its own scope");
  const created = await call("POST", "/v1/load-tests", {
    token,
    body: { ...LOAD_TEST, ...OBJECT, createdBy: "somebody else", locustfile: SCRIPT },
  });
  const actor = { kind: "token", id: "admin in its own scope", name: "admin in its own scope" };
  expect(created.json).toMatchObject({ createdBy: "somebody else", createdByActor: actor });
  const forged = {
    ...LOAD_TEST,
    ...OBJECT,
    createdByActor: { kind: "system", id: "x", name: "x" },
  };
  expect((await call("POST", "/v1/load-tests", { token, body: forged })).status).toBe(400);
  const headers = ownHeaders(cookies.get("a session of the editor its own scope") ?? "");
  const run = await call("POST", `/v1/load-tests/${created.json.id}/runs`, { headers });
  const name = "editor in its own scope";
  expect(run.json).toMatchObject({ createdBy: name, createdByActor: { kind: "user", id: name } });
});

test("GET /v1/me says what the caller may do, and where", async () => {
  const me = async (role: string) =>
    (await call("GET", "/v1/me", { token: tokenOf(role, "its own scope") })).json;
  expect(await me("viewer")).toEqual({
    kind: "token",
    id: "viewer in its own scope",
    name: "viewer in its own scope",
    grants: [
      { role: "viewer", scope: OBJECT, permissions: ["read", "scripts.check", "criteria.check"] },
    ],
    signIn: true,
    demo: false,
  });
  expect((await me("administrator")).grants).toEqual([
    { role: "administrator", scope: {}, permissions: permissionsOf("administrator") },
  ]);
  expect(SCOPE_LEVELS).toHaveLength(4);
});

/** What is not in the contract's table: the plugin's batches, whose callers the next test has, and pages without data. */
const OTHER_ROUTES = [`POST ${SAMPLES_PATH}`, "GET /openapi.json", "GET /docs", "GET /"];

test("every route of the server is in the matrix, or one of a few exceptions", () => {
  const inMatrix = all.map(([, { method, path }]) => `${method} ${path}`);
  const others = registered.filter((one) => !one.startsWith("HEAD "));
  expect(others.toSorted()).toEqual([...inMatrix, ...OTHER_ROUTES].toSorted());
  for (const head of registered.filter((one) => one.startsWith("HEAD ")))
    expect(registered).toContain(head.replace("HEAD", "GET"));
});

test.each(CALLERS)("batches of the plugin need the callback token: %s", async (caller) => {
  for (const scope of scopesOf(caller)) {
    const given = credentialsOf(caller, scope);
    const answer = await call("POST", SAMPLES_PATH, {
      ...given,
      body: {},
      address: freshAddress(),
    });
    expect(answer.status).toBe(caller === "the callback token" ? 415 : 401);
  }
});

test("the documentation says how many cells the matrix has", () => {
  const text = readFileSync(new URL("../../../docs/authorization.md", import.meta.url), "utf8");
  expect(text).toContain(`${cells.length.toLocaleString("en")} cells`);
});
