import { afterAll, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, call } = testApp();
afterAll(() => app.close());

test("load tests and runs are found by the starts of words of their names, in any order", async () => {
  const names = ["Load of the Checkout", "Check-in 100%", "Äpfel (nightly)"];
  for (const name of names) {
    const body = { ...LOAD_TEST, name, locustfile: SCRIPT };
    const { id } = (await call("POST", "/v1/load-tests", { body })).json;
    await call("POST", `/v1/load-tests/${id}/runs`, { body: {} });
  }
  const found = async (path: string, q: string): Promise<string[]> => {
    const { items } = (await call("GET", `${path}?q=${encodeURIComponent(q)}&sort=createdAt`)).json;
    return items.map(({ name }: { name: string }) => name).toSorted();
  };
  const cases: [string, string[]][] = [
    ["check", ["Check-in 100%", "Load of the Checkout"]],
    ["check lo", ["Load of the Checkout"]],
    ["CHECK in", ["Check-in 100%"]],
    ["out", []],
    ["äpf", ["Äpfel (nightly)"]],
    ["pfel", []],
    ["%", ["Check-in 100%"]],
    ["(ni", ["Äpfel (nightly)"]],
    [".*", []],
  ];
  for (const [q, expected] of cases) {
    expect([q, await found("/v1/load-tests", q)]).toEqual([q, expected]);
    // A run is named after its load test and its number.
    const runs = (await found("/v1/runs", q)).map((name) => name.replace(/ #1$/, ""));
    expect([q, runs]).toEqual([q, expected]);
  }
  expect(await found("/v1/runs", "#1 load")).toEqual(["Load of the Checkout #1"]);
});
