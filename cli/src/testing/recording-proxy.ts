import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";

const PASSED = ["authorization", "content-type", "if-match"];

/**
 * For tests: passes requests on to a server and keeps them as `PATCH /v1/load-tests/…`. `before` may do something before a
 * request is passed on, or break its connection.
 */
export const recordingProxy = (target: () => string) => {
  const state = {
    requests: [] as string[],
    before: async (_request: string): Promise<"break" | void> => {},
  };
  const pass = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const { method = "GET", url = "/" } = incoming;
    state.requests.push(`${method} ${url}`);
    if ((await state.before(`${method} ${url}`)) === "break") {
      incoming.socket.destroy();
      return;
    }
    const headers = new Headers();
    for (const name of PASSED) {
      const value = incoming.headers[name];
      if (typeof value === "string") headers.set(name, value);
    }
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
    const passed = await fetch(`${target()}${url}`, { method, headers, ...body });
    const type = passed.headers.get("content-type") ?? "application/json";
    answer.writeHead(passed.status, { "content-type": type });
    answer.end(Buffer.from(await passed.arrayBuffer()));
  };
  const proxy = createServer((incoming, answer) => void pass(incoming, answer));
  beforeAll(async () => {
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => void proxy.close());
  return {
    state,
    address: () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  };
};
