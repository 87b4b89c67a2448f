import { afterAll, beforeAll, expect, test } from "vitest";
import { type Shop, startShop } from "./shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.close());

const visit = (path: string, run: string, method = "GET"): Promise<Response> =>
  fetch(`${shop.url}${path}`, { method, headers: { "x-load-manager-run": run } });

test("it counts its answers by run and endpoint", async () => {
  for (const path of ["/", "/products", "/products/7", "/products/8"]) await visit(path, "a");
  await visit("/", "b");
  expect(shop.counts("a")).toEqual({
    "GET /": { requests: 1, failures: 0 },
    "GET /products": { requests: 1, failures: 0 },
    "GET /products/[id]": { requests: 2, failures: 0 },
  });
  const counts: unknown = await (await fetch(`${shop.url}/__counts?run=b`)).json();
  expect(counts).toEqual({ "GET /": { requests: 1, failures: 0 } });
});

test("every 25th checkout of a run fails", async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => visit("/checkout", "c", "POST")),
  );
  expect(answers.filter(({ status }) => status === 500)).toHaveLength(2);
  expect(shop.counts("c")["POST /checkout"]).toEqual({ requests: 50, failures: 2 });
});

test("a request that was cut off is not counted", async () => {
  const abort = new AbortController();
  const cut = fetch(`${shop.url}/checkout`, {
    method: "POST",
    headers: { "x-load-manager-run": "d" },
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 20);
  await expect(cut).rejects.toThrow();
  await visit("/", "d");
  await visit("/checkout", "d", "POST");
  expect(shop.counts("d")["POST /checkout"]).toEqual({ requests: 1, failures: 0 });
});
