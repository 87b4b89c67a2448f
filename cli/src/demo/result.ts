import type { Client } from "@load-manager/contract/api/http-client.ts";
import { endpointTable } from "../runs/endpoint-table.ts";
import { paint, type Terminal } from "../terminal/screen.ts";

type Counted = Readonly<Record<string, { readonly requests: number; readonly failures: number }>>;

const sum = (counted: Counted): number =>
  Object.values(counted).reduce((total, { requests }) => total + requests, 0);

/** Prints the stats of the endpoints, and compares the total with the shop's own count. */
export const showResult = async (input: {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly run: { readonly id: string };
  readonly counted: Counted;
}): Promise<void> => {
  const { client, terminal, run, counted } = input;
  const params = { runId: run.id };
  const [requests, summary] = [
    await client.getRunRequests({ params }),
    await client.getRunSummary({ params }),
  ];
  if (summary.totalRequests === 0 && sum(counted) === 0) return;
  terminal.write(`\n${endpointTable(terminal, requests, summary)}\n\n`);
  const { green, red } = paint(terminal);
  const [ours, theirs] = [summary.totalRequests, sum(counted)];
  const line = `Load Manager counted ${ours} requests, the shop counted ${theirs}`;
  terminal.write(`${ours === theirs ? green(`${line} ✓`) : red(line)}\n`);
  if (ours === theirs) return;
  const { items } = await client.listRunEvents({ params });
  for (const event of items) {
    if (event.type === "users_cut_off" || event.type === "incomplete")
      terminal.write(`${event.message}\n`);
  }
};
