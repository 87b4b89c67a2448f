import { startShop } from "./shop.ts";

// node examples/shop/main.ts [port]: the shop alone, for load tests of your own.
const shop = await startShop({ port: Number(process.argv[2] ?? 8900) });
process.stdout.write(`The shop is open: ${shop.url} (counts: ${shop.url}/__counts?run=<run id>)\n`);
