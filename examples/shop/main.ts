import { parseArgs } from "node:util";
import { startShop } from "./shop.ts";

// Starts only the shop, as a target for your own load tests: [--port 8900]
const { values } = parseArgs({ options: { port: { type: "string", default: "8900" } } });
const shop = await startShop({ port: Number(values.port) });
process.stdout.write(`The shop is open: ${shop.url} (counts: ${shop.url}/__counts?run=<run id>)\n`);
