import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { expect, test } from "vitest";
import { uuidV7 } from "../../lib/ids.ts";
import { sampleRecord } from "../../metrics/testing/fixtures.ts";
import { rejection } from "../conformance/harness.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import { parseAddress } from "./address.ts";
import { answersOf, fill } from "../testing/copy-fixtures.ts";
import { openSource } from "./open.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const CLI = fileURLToPath(new URL("../../../../cli/bin/load-manager.js", import.meta.url));
const URI = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];

/** Runs the command, and kills it with -9 as soon as its output has `until`. */
const copy = (from: string, to: string, until?: string) =>
  new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, "store", "copy", "--from", from, "--to", to]);
    let output = "";
    const onOutput = (text: string): void => {
      output += text;
      if (until !== undefined && output.includes(until)) child.kill("SIGKILL");
    };
    child.stdout.setEncoding("utf8").on("data", onOutput);
    child.stderr.setEncoding("utf8").on("data", onOutput);
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, output }));
  });

const MOMENTS = [
  "Copying script revisions",
  "Copying run events",
  "Copying metrics timeseries: 500",
  "Copying metrics rollups",
  // Not the last kinds: the copy must not be complete before the kill arrives.
  "Comparing load test runs",
];

for (const kind of ["sqlite", ...(URI === undefined ? [] : ["mongodb"])]) {
  test(
    `a copy to ${kind} that is killed repeatedly is completed by the same command`,
    {
      timeout: 300_000,
    },
    async () => {
      const root = temporaryFolder();
      const database = `load_manager_killed_${uuidV7.next().slice(-12)}`;
      const from = `sqlite:${join(root, "source")}`;
      const to = kind === "sqlite" ? `sqlite:${join(root, "target")}` : `${URI ?? ""}/${database}`;
      const source = await openSqliteStores({ dataDir: join(root, "source") });
      const { runIds } = await fill(source, 2);
      const records = Array.from({ length: 1300 }, (_, index) =>
        sampleRecord(index + 1, 3000 + index, [{ name: "/a", ok: [5] }]),
      );
      await source.metrics.append(records.map((record) => ({ ...record, runId: "many" })));
      await source.close();

      for (const moment of MOMENTS) {
        const killed = await copy(from, to, moment);
        expect(killed).toMatchObject({ code: null, output: expect.stringContaining(moment) });
        expect(String(await rejection(openSource(parseAddress(to, "--to"))))).toContain(
          "Finish it with: load-manager store copy",
        );
      }
      const last = await copy(from, to);
      expect(last.output).toContain("was broken off; it goes on.");
      expect(last.output).not.toContain("copied anew");
      expect(last).toMatchObject({
        code: 0,
        output: expect.stringContaining("The copy is complete and equal."),
      });
      const [one, other] = [
        await openSource(parseAddress(from, "")),
        await openSource(parseAddress(to, "")),
      ];
      for (const runId of [...runIds, "many"]) {
        expect(await answersOf(other, runId)).toEqual(await answersOf(one, runId));
      }
      expect((await copy(from, to)).output).toContain("in use by another Load Manager");
      await one.close();
      await other.close();
      const again = await copy(from, to);
      expect(again).toMatchObject({ code: 1, output: expect.stringContaining("is not empty") });
      if (kind !== "mongodb") return;
      const client = new MongoClient(URI ?? "");
      await client.db(database).dropDatabase();
      await client.close();
    },
  );
}
