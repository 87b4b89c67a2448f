import { BSON, type Db, type Document } from "mongodb";

/** For tests: documents as the predecessor wrote them, in every known shape. The same number gives the same document. */
export type Shape =
  | "camel"
  | "lower"
  | "iso"
  | "seconds"
  | "longs"
  | "doubles"
  | "half"
  | "object-id"
  | "sparse";
export const SHAPES: readonly Shape[] = [
  "camel",
  "lower",
  "iso",
  "seconds",
  "longs",
  "doubles",
  "half",
  "object-id",
  "sparse",
];
const T0 = 1_703_232_000_000;

const at = (shape: Shape, ms: number): unknown => {
  if (shape === "iso") return new Date(ms).toISOString();
  if (shape === "seconds") return new BSON.Int32(Math.floor(ms / 1000));
  if (shape === "longs") return BSON.Long.fromNumber(ms);
  if (shape === "doubles") return new BSON.Double(ms / 1000 + 0.25);
  return new Date(ms);
};
const ZERO = new Date(-62_135_596_800_000);
const whole = (shape: Shape, value: number): unknown =>
  shape === "longs"
    ? BSON.Long.fromNumber(value)
    : shape === "doubles"
      ? new BSON.Double(value)
      : new BSON.Int32(value);

/** The maps of users. The predecessor's untagged structs wrote its own fields in lower case, and these maps unchanged. */
const USERS = new Set(["metadata"]);
const lowered = (document: Document): Document =>
  Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      const own = USERS.has(key) ? value : loweredValue(key, value);
      return [key.toLowerCase(), own];
    }),
  );
const loweredValue = (key: string, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => loweredValue("", one));
  if (
    typeof value !== "object" ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  if (key === "requestStats") {
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, lowered(part as Document)]),
    );
  }
  return lowered(value);
};

const scopeOf = (shape: Shape, n: number): Document =>
  shape === "half"
    ? { accountId: "acc", orgId: "org", projectId: `p${n % 3}`, envId: "" }
    : {
        accountId: "",
        orgId: "",
        tenantId: ["acme", "team-red", "team-blue"][n % 3],
        projectId: `project${n % 4}`,
        envId: n % 2 === 0 ? "production" : "",
      };
const shaped = (shape: Shape, document: Document): Document =>
  shape === "lower" ? lowered(document) : document;
/** An ObjectId whose second depends on the number. */
const oid = (kind: number, n: number, shape: Shape, step = 0): BSON.ObjectId => {
  const part = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const second = Math.floor(T0 / 1000) + n * 10 + step;
  return new BSON.ObjectId(
    `${part(second, 8)}${part(kind, 2)}${part(SHAPES.indexOf(shape), 2)}${part(step, 4)}${part(n, 8)}`,
  );
};

export const loadTestId = (n: number, shape: Shape): string =>
  shape === "object-id" ? oid(1, n, shape).toHexString() : `lt-${shape}-${n}`;
export const runId = (n: number, shape: Shape): string =>
  shape === "object-id" ? oid(2, n, shape).toHexString() : `run-${shape}-${n}`;

const idsOf = (kind: number, n: number, shape: Shape, id: string): Document =>
  shape === "object-id"
    ? { _id: oid(kind, n, shape) }
    : { _id: n % 2 === 0 && shape !== "sparse" ? id : oid(kind, n, shape), id };

export const oldLoadTest = (n: number, shape: Shape): Document => ({
  ...idsOf(1, n, shape, loadTestId(n, shape)),
  ...shaped(shape, {
    name: `Checkout ${n}`,
    ...scopeOf(shape, n),
    targetUrl: "https://shop.example",
    ...(shape === "sparse"
      ? { createdAt: ZERO, updatedAt: null }
      : {
          description: "",
          tags: ["a", `t${n % 5}`],
          locustClusterId: "cluster-1",
          defaultUsers: whole(shape, 10 + (n % 7)),
          defaultSpawnRate: new BSON.Double(2.5),
          defaultDurationSec: whole(shape, 0),
          createdAt: at(shape, T0 + n * 1000),
          updatedAt: at(shape, T0 + n * 1000 + 500),
          createdBy: "ann",
          metadata: { owner: "ann", TenantId: "mine", createdat: "not ours" },
          recentRuns: [{ id: "gone", name: "stale", status: "Running", targetUsers: 5 }],
          squad: "blue",
        }),
    ...(n % 3 === 0 ? { locustfile: `# ${n}\nfrom locust import HttpUser\n` } : {}),
    ...(n % 3 === 1
      ? { scriptContent: Buffer.from(`# ${n}\nclass U: pass\n`).toString("base64") }
      : {}),
  }),
});

const STATUSES = ["Finished", "Finished", "Failed", "Stopped", "Running", "Stopping", "Pending"];

const oldTotals = (shape: Shape, requests: number): Document => ({
  totalRps: new BSON.Double(12.5),
  totalRequests: whole(shape, requests),
  totalFailures: whole(shape, Math.floor(requests / 10)),
  errorRate: 10,
  averageResponseMs: 42,
  avgResponseMs: 0,
  p50ResponseMs: 40,
  p95ResponseMs: 60,
  p99ResponseMs: 80,
  currentUsers: whole(shape, 10),
  requestStats: {
    "GET /a": {
      method: "GET",
      name: "/a",
      numRequests: whole(shape, requests - Math.floor(requests / 2)),
      numFailures: whole(shape, 0),
      avgResponseTime: 40.5,
      minResponseTime: 0,
      maxResponseTime: 0,
      medianResponseTime: 40,
      p95ResponseTime: 60,
      p99ResponseTime: 80,
      requestsPerSec: 6,
    },
    "POST /b": {
      method: "POST /b",
      name: "POST",
      numRequests: whole(shape, Math.floor(requests / 2)),
      numFailures: whole(shape, Math.floor(requests / 10)),
      avgResponseTime: 43.5,
      minResponseTime: 3,
      maxResponseTime: 90,
      medianResponseTime: 41,
      p95ResponseTime: 77,
      p99ResponseTime: 88,
      requestsPerSec: 6,
    },
  },
});

/** `tests`: how many load tests there are. Of every fourteen runs one has a load test that is gone, and one is external. */
export const oldRun = (n: number, shape: Shape, tests: number): Document => {
  const started = T0 + n * 10_000;
  const status = STATUSES[n % STATUSES.length];
  const external = n % 14 === 6;
  return {
    ...idsOf(2, n, shape, runId(n, shape)),
    ...shaped(shape, {
      ...(external ? {} : { loadTestId: n % 14 === 13 ? "gone" : loadTestId(n % tests, shape) }),
      name: external ? "" : `Run ${n}`,
      locustClusterId: "cluster-1",
      ...scopeOf(shape, n),
      status,
      ...(shape === "sparse"
        ? { createdAt: ZERO }
        : {
            targetUsers: whole(shape, 10),
            spawnRate: 2,
            durationSeconds: whole(shape, 60),
            startedAt: at(shape, started),
            finishedAt: n % 7 < 4 ? at(shape, started + 60_000) : ZERO,
            createdAt: at(shape, started - 1000),
            updatedAt: at(shape, started + 61_000),
            createdBy: "ann",
            lastMetrics: { timestamp: at(shape, started + 59_000), ...oldTotals(shape, 600) },
            metadata: { build: n },
          }),
    }),
  };
};

/** The `step`th snapshot of a run. They are two seconds apart; some share their time with the one before, and sparse ones have none. */
export const oldMetric = (n: number, step: number, shape: Shape): Document => {
  const time = T0 + n * 10_000 + (step - (step % 5 === 4 ? 1 : 0)) * 2000;
  return {
    _id: oid(3, n, shape, step),
    ...shaped(shape, {
      timestamp: shape === "sparse" ? ZERO : at(shape, time),
      loadTestRunId: runId(n, shape),
      ...scopeOf(shape, n),
      ...oldTotals(shape, (step + 1) * 20),
    }),
  };
};

/** A document that the migration must leave, in one of three forms. */
export const malformed = (n: number): Document =>
  [
    { _id: `bad-${n}`, tenantId: "acme", name: "x", createdAt: null },
    { _id: `bad-${n}`, tenantId: "acme", projectId: "p", status: "Dreaming", updatedAt: {} },
    { _id: `bad-${n}`, tenantId: "acme", projectId: "p", name: "x", status: {}, createdAt: "soon" },
  ][n % 3] ?? {};

const AT_ONCE = 1000;

const fill = async (db: Db, name: string, documents: Iterable<Document>): Promise<number> => {
  let waiting: Document[] = [];
  let count = 0;
  for (const document of documents) {
    waiting.push(document);
    count += 1;
    if (waiting.length < AT_ONCE) continue;
    await db.collection(name).insertMany(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await db.collection(name).insertMany(waiting);
  return count;
};

export type Amount = {
  readonly shapes: readonly Shape[];
  /** Of each shape. */
  readonly tests: number;
  readonly runs: number;
  /** Of each run. */
  readonly metrics: number;
  readonly malformed: number;
};

/** Fills a database; odd runs are under the older name of their collection. Resolves with the number of documents. */
export const fillLegacy = async (db: Db, amount: Amount): Promise<number> => {
  const { shapes, tests, runs, metrics } = amount;
  const every = function* (count: number, of: (n: number, shape: Shape) => Document) {
    for (let n = 0; n < count; n += 1) for (const shape of shapes) yield of(n, shape);
  };
  const bad = function* () {
    for (let n = 0; n < amount.malformed; n += 1) yield malformed(n);
  };
  const run = (n: number, shape: Shape) => oldRun(n, shape, tests);
  const even = function* (rest: number) {
    for (let n = rest; n < runs; n += 2) for (const shape of shapes) yield run(n, shape);
  };
  const snapshots = function* () {
    for (let n = 0; n < runs; n += 1)
      for (const shape of shapes)
        for (let step = 0; step < metrics; step += 1) yield oldMetric(n, step, shape);
  };
  const revisions = function* () {
    for (let n = 0; n < tests; n += 3)
      for (const shape of shapes)
        yield {
          _id: `rev-${shape}-${n}`,
          ...shaped(shape, {
            loadTestId: loadTestId(n, shape),
            revisionNumber: n % 2 === 0 ? 1 : null,
            scriptContent: Buffer.from(`# revision ${n}\n`).toString("base64"),
            createdAt: at(shape, T0 + n),
            createdBy: "ann",
          }),
        };
  };
  let count = await fill(db, "load_tests", every(tests, oldLoadTest));
  count += await fill(db, "load_tests", bad());
  count += await fill(db, "load_test_runs", even(0));
  count += await fill(db, "test_runs", even(1));
  count += await fill(db, "test_runs", bad());
  count += await fill(db, "script_revisions", revisions());
  count += await fill(db, "metrics_timeseries", snapshots());
  return count;
};
