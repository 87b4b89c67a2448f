// node tools/faults-table.mjs FILE: prints the table of docs/reliability.md from the results of `npm run test:faults`.
import { readFileSync } from "node:fs";

const lines = readFileSync(process.argv[2], "utf8").trim().split("\n").map(JSON.parse);
const seconds = (ms) => (ms === undefined ? "–" : `${(ms / 1000).toFixed(1)} s`);
/** The value at rank ⌈p·n⌉. */
const quantile = (values, p) =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(p * values.length) - 1)];

const out = (line) => process.stdout.write(`${line}\n`);
out("| row | fault | store | detected after | recovered after | lost | double |");
out("|---|---|---|---|---|---|---|");
for (const { row, fault, store, detectedMs, recoveredMs, lost, double } of lines.toSorted(
  (a, b) => a.row - b.row || a.fault.localeCompare(b.fault) || a.store.localeCompare(b.store),
)) {
  out(
    `| ${row} | ${fault} | ${store} | ${seconds(detectedMs)} | ${seconds(recoveredMs)} | ${lost} | ${double} |`,
  );
}
for (const key of ["detectedMs", "recoveredMs"]) {
  const values = lines.map((line) => line[key]).filter((ms) => ms !== undefined);
  out(
    `\n${key}: ${values.length} values, p50 ${seconds(quantile(values, 0.5))}, p95 ${seconds(quantile(values, 0.95))}`,
  );
}
const outlived = lines.map((line) => line.outlivedMs).filter((ms) => ms !== undefined);
out(`\nG: ${seconds(Math.max(...outlived))} at the most, of ${outlived.length} faults`);
