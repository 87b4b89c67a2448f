// npm run bench -- --against DIR [METRIC …] [--pairs N]: measures this checkout and another one alternately.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { compare, type Measurements, lineOf, measurePairs } from "./lib/compare.ts";
import { portOf } from "./lib/posting.ts";
import { startProgram } from "./lib/processes.ts";
import { measureServer } from "./lib/whole-server.ts";

const OURS = resolve(import.meta.dirname, "..");
const SERVER = ["start", "create", "list", "ingest", "ingest CPU", "chart", "table", "memory"];
const PLUGIN = ["plugin record", "plugin report", "plugin collect"];

/** Measures the steps of a checkout's plugin in Locust: CPU in µs. */
const measurePlugin = async (tree: string, python: string): Promise<Measurements> => {
  const file = join(OURS, "bench/lib/bare-server.ts");
  const shop = await startProgram(process.execPath, [file], /ready: \d+/);
  const url = `http://127.0.0.1:${portOf(shop)}`;
  const args = [join(OURS, "bench/plugin.py"), url, join(tree, "locust-plugin")];
  const result = spawnSync(python, args, {
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  await shop.stop();
  if (result.status !== 0) throw new Error(`The plugin of ${tree} failed: ${result.stderr}`);
  const costs = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as Record<string, number>;
  return Object.fromEntries(
    PLUGIN.map((metric) => [metric, (costs[metric.replace("plugin ", "")] ?? Number.NaN) * 1e6]),
  );
};

const serverOf = (tree: string, sent: Set<number>) => async (): Promise<Measurements> => {
  const { measurements, requests } = await measureServer(tree);
  sent.add(requests);
  if (requests === 0 || sent.size > 1)
    throw new Error(`the servers counted different requests: ${[...sent].join(", ")}`);
  return measurements;
};

const measured = async (tree: string, wanted: readonly string[], pairs: number) => {
  const rows = [];
  if (wanted.some((metric) => SERVER.includes(metric))) {
    const sent = new Set<number>();
    rows.push(...compare(await measurePairs(pairs, serverOf(OURS, sent), serverOf(tree, sent))));
  }
  if (wanted.some((metric) => PLUGIN.includes(metric))) {
    const python = process.env["LOAD_MANAGER_PYTHON"];
    if (python === undefined) throw new Error("The plugin needs a Python with Locust.");
    const of = (one: string) => () => measurePlugin(one, python);
    rows.push(...compare(await measurePairs(pairs, of(OURS), of(tree))));
  }
  return rows.filter(({ metric }) => wanted.includes(metric));
};

/** → exit code: 1 if a metric is above its limit or could not be measured. */
export const against = async (
  dir: string,
  names: readonly string[],
  pairs: number,
): Promise<number> => {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const tree = resolve(dir);
  const all = [...SERVER, ...PLUGIN];
  const wanted = all.filter(
    (metric) => names.length === 0 || names.some((name) => metric.includes(name)),
  );
  const unknown = names.filter((name) => !all.some((metric) => metric.includes(name)));
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no metric ${unknown.join(", ")}; there are ${all.join(", ")}.\n`,
    );
    return 1;
  }
  say(
    `This checkout compared with ${tree}: medians of ${pairs} pairs (smallest–largest; ours vs theirs)`,
  );
  try {
    const rows = await measured(tree, wanted, pairs);
    for (const row of rows) say(lineOf(row));
    return rows.some(({ verdict }) => verdict === "fail") ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
};
