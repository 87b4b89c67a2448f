import type { Client } from "@load-manager/contract/api/http-client.ts";
import { formatBaseline, formatFigure } from "@load-manager/contract/criteria/format.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { answered } from "../remote/remote.ts";
import { paint, table, type Terminal } from "../terminal/screen.ts";
import { endpointTable } from "./endpoint-table.ts";

const WORDS = { passed: "✓ passed", failed: "✗ failed", inconclusive: "? inconclusive" } as const;

/** The verdict, and what was seen of each criterion. */
const showVerdict = async (client: Client, run: RunAnswer, terminal: Terminal): Promise<void> => {
  const { verdict, criteria } = await answered(client.getRunVerdict({ params: { runId: run.id } }));
  const rows = criteria.map((one) => {
    const { observed: value, unit, limit } = one;
    const observed = value === null ? "–" : formatFigure(value, unit, limit);
    const why = one.reason?.message ?? (one.close === true ? "close to its limit" : "");
    const compared = one.baseline === undefined ? "" : formatBaseline(one.baseline, unit);
    const notes = [why, compared].filter(Boolean).join("; ");
    return [one.expression, WORDS[one.verdict], observed, notes] as const;
  });
  terminal.write(`\n${table(terminal, ["Criterion", "Verdict", "Observed", ""], rows)}\n\n`);
  const { green, red, bold } = paint(terminal);
  const color = verdict === "passed" ? green : verdict === "failed" ? red : bold;
  terminal.write(`${color(`Verdict: ${verdict}`)}\n`);
};

/** Prints how a run has ended, and the stats of its endpoints. `where`: where it can be seen afterwards. */
export const showEnd = async (
  client: Client,
  run: RunAnswer,
  terminal: Terminal,
  where: string,
): Promise<void> => {
  const params = { runId: run.id };
  const [requests, summary] = await Promise.all([
    answered(client.getRunRequests({ params })),
    answered(client.getRunSummary({ params })),
  ]);
  if (summary.totalRequests !== 0)
    terminal.write(`\n${endpointTable(terminal, requests, summary)}\n\n`);
  const status = run.status === "Failed" ? "Could not run" : run.status;
  terminal.write(`${run.name}: ${status}. ${run.statusReason?.message ?? ""}\n`);
  for (const text of run.statusReason?.logTail ?? []) terminal.write(`  ${text}\n`);
  if (!summary.complete)
    terminal.write("Not all metrics have arrived: the totals may be too low.\n");
  if (run.verdict !== "none") await showVerdict(client, run, terminal);
  terminal.write(`${where}\n`);
};
