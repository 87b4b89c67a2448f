// A server for the bench with all of ingest (HTTP, token, decoding, adding to live totals, store, compactor), existing runs
// and no loop. argv: data folder, number of runs, "compact" to run the compactor.
import { pino } from "pino";
import { createApp } from "../../server/src/app.ts";
import { loadConfig } from "../../server/src/config/load-config.ts";
import { systemClock } from "../../server/src/lib/clock.ts";
import { uuidV7 } from "../../server/src/lib/ids.ts";
import { testRun } from "../../server/src/metrics/testing/fixtures.ts";
import { openSqliteStores } from "../../server/src/stores/sqlite/stores.ts";

const [dataDir = "", runs = "1", compacting = "compact"] = process.argv.slice(2);
const { config } = loadConfig({ dataDir }, { PATH: process.env["PATH"] });
const stores = await openSqliteStores({ dataDir });
for (let run = 0; run < Number(runs); run += 1) {
  await stores.runs.create(testRun({ id: `run-${run}`, loadStartedAt: Date.now() }));
}
const app = createApp({
  config: {
    ...config,
    security: { ...config.security, locustCallbackToken: ["callback-token-of-the-bench"] },
  },
  stores,
  clock: systemClock,
  ids: uuidV7,
  log: pino({ level: "warn" }),
});
await app.http.listen({ host: "127.0.0.1", port: 0 });
if (compacting === "compact") app.compactor.start();
const address = app.http.server.address();
process.stdout.write(
  `ready: ${typeof address === "object" && address !== null ? address.port : 0}\n`,
);
