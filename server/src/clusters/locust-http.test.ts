import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { ask, isRefusal } from "./locust-http.ts";

const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
};

test.each(["127.0.0.1", "localhost"])("a closed port of %s is a refusal", async (host) => {
  const url = `http://${host}:${await closedPort()}/`;
  const reply = await ask(url, { timeoutMs: 5000 }, systemClock);
  expect(reply).toMatchObject({ kind: "silent", refused: true });
  expect(reply).toMatchObject({ message: expect.stringContaining("ECONNREFUSED") });
});

test("a name that does not resolve proves nothing of the process", async () => {
  const reply = await ask("http://gone.invalid:8089/", { timeoutMs: 5000 }, systemClock);
  expect(reply).toMatchObject({ kind: "silent", refused: false });
});

test.each([
  [["ECONNREFUSED"], true],
  [["ECONNREFUSED", "ECONNREFUSED"], true],
  [["ENETUNREACH", "ECONNREFUSED"], true],
  [["ENETUNREACH"], false],
  [["EHOSTUNREACH"], false],
  [["ENOTFOUND"], false],
  [["ECONNREFUSED", "ETIMEDOUT"], false],
  [["EHOSTUNREACH", "ECONNREFUSED"], false],
  [[], false],
])("%j: refused %s", (codes, refused) => {
  expect(isRefusal(codes)).toBe(refused);
});
