import fc from "fast-check";
import { BSON, type Document } from "mongodb";
import { isPlain } from "../read/json.ts";
import { oldLoadTest, oldMetric, oldRun, SHAPES } from "./legacy-fixtures.ts";

/** Text that is nowhere else, so that it can be queried for. */
let made = 0;
const token = fc
  .constantFrom("", "a.b ", "$", "ü ")
  .map((before) => `${before}token${(made += 1)}x`);
const key = fc.oneof(
  token,
  fc.constantFrom(
    "a.b",
    "$set",
    " ",
    "",
    "__proto__",
    "constructor",
    "Name",
    "TENANTID",
    "createdat",
  ),
);
const leaf = fc.oneof(
  { weight: 4, arbitrary: token },
  fc.constantFrom(null, true, false, 0, -0, 1, -1, 1e21, Number.NaN, Infinity, 2.5, 1_703_232_000),
  fc.constantFrom(
    BSON.Long.MAX_VALUE,
    BSON.Long.fromNumber(1_703_232_000_000),
    new BSON.Double(7),
    new BSON.Int32(-5),
    new BSON.ObjectId("6585420a0201000000000001"),
    BSON.Decimal128.fromString("1E6000"),
    new BSON.Timestamp({ t: 5, i: 6 }),
    new BSON.Binary(Buffer.from("xyz")),
    new BSON.BSONRegExp("a", "i"),
    new BSON.MinKey(),
    new BSON.Code("f()"),
    new Date(0),
    new Date(-62_135_596_800_000),
    new Date(1_703_232_000_000),
    "2023-12-22T08:00:00Z",
    "",
    "Finished",
  ),
);
export const bsonValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((all) => Object.fromEntries(all)),
  ),
})).value;

type Change = {
  readonly what: "set" | "drop" | "lower" | "add" | "nest";
  readonly at: number;
  readonly key: string;
  readonly value: unknown;
};
const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom("set", "drop", "lower", "add", "nest"),
  at: fc.nat(60),
  key,
  value: bsonValue,
});

/** A right document with some of it made wrong. */
const changed = (document: Document, changes: readonly Change[]): Document => {
  const result = new Map<string, unknown>(Object.entries(document));
  for (const { what, at, key: name, value: to } of changes) {
    const keys = [...result.keys()];
    const chosen = keys[at % Math.max(1, keys.length)] ?? name;
    if (what === "set") result.set(chosen, to);
    else if (what === "drop") result.delete(chosen);
    else if (what === "add") result.set(name, to);
    else if (what === "nest") {
      const part = result.get(chosen);
      // Deeper still now and then: into the endpoints of a run's last metrics.
      const inner: Change = {
        what: at % 3 === 0 ? "set" : "nest",
        at: at >> 1,
        key: name,
        value: to,
      };
      if (isPlain(part)) result.set(chosen, changed(part, [inner]));
      else result.set(name, to);
    } else {
      const old = result.get(chosen);
      result.delete(chosen);
      result.set(chosen.toLowerCase(), old);
    }
  }
  return Object.fromEntries(result);
};

const FORMS: Readonly<Record<string, (n: number, shape: (typeof SHAPES)[number]) => Document>> = {
  load_tests: oldLoadTest,
  load_test_runs: (n, shape) => oldRun(n, shape, 3),
  metrics_timeseries: (n, shape) => oldMetric(n, n % 6, shape),
  script_revisions: (n) => ({
    _id: `v${n}`,
    loadTestId: "l",
    revisionNumber: 1,
    locustfile: "pass\n",
    createdAt: new Date(1_703_232_000_000),
  }),
};

/** The collections that there are malformed documents of. */
export const FUZZED: readonly string[] = Object.keys(FORMS);

/** For tests: a document of the predecessor's with up to five things in it made wrong. */
export const malformedOf = (target: string): fc.Arbitrary<Document> =>
  fc
    .tuple(fc.nat(40), fc.constantFrom(...SHAPES), fc.array(change, { maxLength: 5 }))
    .map(([n, shape, changes]) => changed(FORMS[target]?.(n, shape) ?? {}, changes));

/** FerretDB, the server of the tests, refuses more than MongoDB does. */
export const isStorable = (given: unknown, inArray = false): boolean => {
  if (typeof given === "number") return Number.isFinite(given);
  if (Array.isArray(given)) return !inArray && given.every((one) => isStorable(one, true));
  const odd =
    given instanceof BSON.Decimal128 || given instanceof BSON.MinKey || given instanceof BSON.Code;
  if (odd) return false;
  if (!isPlain(given)) return true;
  return Object.entries(given).every(
    ([name, part]) => !/\.|^\$/.test(name) && name !== "" && isStorable(part),
  );
};
