import { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { ScriptRevision } from "@load-manager/contract/model/script.ts";
import fc from "fast-check";
import { BSON } from "mongodb";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { uuidV7 } from "@load-manager/server/lib/ids.ts";
import { decodeSample } from "@load-manager/server/metrics/codec/sample.ts";
import { fromDocument } from "@load-manager/server/stores/mongo/document.ts";
import { READ, toJson } from "../read/json.ts";
import { createRevisionIndex, createRunIndex } from "./indexes.ts";
import { bsonValue, FUZZED, malformedOf } from "../testing/fuzz-fixtures.ts";
import { parseMapping } from "./mapping.ts";
import { type OldMetric, recordsOfRun } from "./metrics.ts";
import { recordDocument } from "./documents.ts";
import { createSteps } from "./steps.ts";

const MAPPING = parseMapping(
  "default: { accountId: a, orgId: o, projectId: p }\ntenants: { '': { accountId: a, orgId: o, projectId: p } }",
  "mapping.yaml",
);
const stepsOf = () =>
  createSteps(
    { mapping: MAPPING, keepActive: false },
    { ids: uuidV7, runs: createRunIndex(), revisions: createRevisionIndex() },
  );

const tokensIn = (document: unknown): string[] => {
  const text = JSON.stringify(toJson(document));
  return [...text.matchAll(/token\d+x/g)].map(([found]) => found);
};

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  load_tests: LoadTest,
  load_test_runs: LoadTestRun,
  script_revisions: ScriptRevision,
};
describe("a corpus of malformed documents", () => {
  test.each(FUZZED)(
    "of %s: each is converted into a valid one, or left; nothing is lost",
    (target) => {
      const seen = { converted: 0, left: 0 };
      fc.assert(
        fc.property(malformedOf(target), (given) => {
          const document = BSON.deserialize(BSON.serialize(given), READ);
          const outcome = stepsOf()[target]?.(document);
          if (outcome?.ok !== true) {
            expect(outcome?.reasons.join("")).not.toBe("");
            seen.left += 1;
            return;
          }
          seen.converted += 1;
          const { document: after, extra, entity } = outcome.value;
          // As it comes back from the database.
          const stored = BSON.deserialize(BSON.serialize(after));
          const schema = SCHEMAS[target];
          if (schema !== undefined) {
            expect(z.safeEncode(schema, fromDocument(stored, "nameKey")).error).toBeUndefined();
          }
          if (target === "metrics_timeseries" && "json" in after) {
            const records = recordsOfRun("r", undefined)
              .add(entity as OldMetric)
              .map(recordDocument);
            for (const record of records) decodeSample(record["body"].value());
          }
          const text = JSON.stringify([
            toJson(stored),
            ...extra.map((one) => toJson(one.document)),
          ]);
          const scripts = extra.map((one) => one.document["content"]);
          const all = [
            text,
            ...scripts.map((one) =>
              one instanceof BSON.Binary ? Buffer.from(one.value()).toString() : "",
            ),
          ].join("\n");
          for (const word of tokensIn(document)) expect(all).toContain(word);
        }),
        { numRuns: 2500, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
      );
      expect(seen.converted).toBeGreaterThan(50);
      expect(seen.left).toBeGreaterThan(20);
    },
  );

  test("of anything at all", () => {
    fc.assert(
      fc.property(bsonValue, fc.constantFrom(...FUZZED), (anything, target) => {
        const document =
          typeof anything === "object" && anything?.constructor === Object
            ? anything
            : { x: anything };
        const read = BSON.deserialize(BSON.serialize(document), READ);
        expect(() => stepsOf()[target]?.(read)).not.toThrow();
      }),
      { numRuns: 2000, interruptAfterTimeLimit: 15_000 },
    );
  });
});
