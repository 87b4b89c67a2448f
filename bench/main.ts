// npm run bench -- [NAME …]: runs all measurements, or those whose name contains an argument. Prints a table and writes
// JSON. With `--against DIR` it compares this checkout with another instead.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { against } from "./against.ts";
import { histogramRows } from "./histograms.ts";
import { ingestRows } from "./ingest.ts";
import type { Row } from "./lib/pairs.ts";
import { capacityRows } from "./capacity.ts";
import { chartRows } from "./charts.ts";
import { criteriaRows } from "./criteria.ts";
import { dayRows } from "./day.ts";
import { lifecycleRows } from "./lifecycle.ts";
import { liveRows } from "./live.ts";
import { pageRows } from "./page.ts";
import { pluginRows } from "./plugin.ts";
import { startRows } from "./start.ts";
import { storeRows } from "./store.ts";

const BENCHES: Readonly<Record<string, () => Promise<Row[]>>> = {
  histograms: histogramRows,
  store: storeRows,
  ingest: ingestRows,
  day: dayRows,
  charts: chartRows,
  live: liveRows,
  criteria: criteriaRows,
  lifecycle: lifecycleRows,
  start: startRows,
  page: pageRows,
  plugin: pluginRows,
  capacity: capacityRows,
};
const FILE = join(import.meta.dirname, "results", "latest.json");

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { against: { type: "string" }, pairs: { type: "string", default: "9" } },
});
if (values.against !== undefined)
  process.exit(await against(values.against, wanted, Math.floor(Number(values.pairs))));
const rows: (Row & { readonly bench: string })[] = [];
for (const [bench, run] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.some((name) => bench.includes(name))) continue;
  process.stderr.write(`${bench} …\n`);
  try {
    for (const row of await run()) {
      rows.push({ bench, ...row });
      const { what, value, ratio, spread, pairs, goal, met, note } = row;
      const shown =
        ratio === null
          ? ""
          : ` = ${ratio.toFixed(2)}×${spread === undefined ? "" : ` (${spread[0].toFixed(2)}–${spread[1].toFixed(2)}, ${pairs} pairs)`}`;
      const judged = goal === undefined ? "" : `  [${met === true ? "met" : "MISSED"}: ${goal}]`;
      process.stdout.write(
        `${what}: ${value}${shown}${judged}${note === undefined ? "" : `  ${note}`}\n`,
      );
    }
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(
      `${bench} failed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}
const cells = rows.map(({ what, value, ratio, goal, met }) => [
  what,
  value,
  ratio === null ? "" : `${ratio.toFixed(2)}×`,
  goal === undefined ? "" : `${goal} ${met === true ? "✓" : "✗"}`,
]);
const line = (row: readonly string[]): string => `| ${row.join(" | ")} |\n`;
process.stdout.write(
  `\n${line(["what", "value", "ratio", "goal"])}${line(["---", "---", "---", "---"])}${cells.map(line).join("")}`,
);
mkdirSync(dirname(FILE), { recursive: true });
const machine = { cpus: cpus().length, model: cpus()[0]?.model, load: loadavg() };
writeFileSync(
  FILE,
  `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 2)}\n`,
);
process.stderr.write(`Results as JSON: bench/results/latest.json\n`);
