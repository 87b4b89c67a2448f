import { createServer, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

type Answer = { readonly status: number; readonly type: string; readonly body: Buffer };
type Recorded = {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
};

const BATCHES = "/v1/internal/locust/samples";

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/**
 * An HTTP proxy in front of `target` (a port on loopback) that repeats and reorders the plugin's batches: some arrive twice,
 * some again much later, and some are refused and arrive after newer ones. Other requests pass unchanged.
 */
export const startReplayProxy = async (target: number) => {
  const batches: Recorded[] = [];
  const late = new Set<Promise<unknown>>();
  const done = { twice: 0, again: 0, late: 0 };
  let reorders = true;
  let turn = 0;

  const forward = ({ path, headers, body }: Recorded, method = "POST"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: target, method, path, headers, agent: false },
        (answer) => {
          read(answer).then(
            (bytes) =>
              resolve({
                status: answer.statusCode ?? 500,
                type: answer.headers["content-type"] ?? "application/json",
                body: bytes,
              }),
            reject,
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });

  const pass = async (batch: Recorded): Promise<Answer | undefined> => {
    batches.push(batch);
    if (!reorders) return forward(batch);
    turn += 1;
    if (turn % 4 === 0) {
      done.late += 1;
      const arrival = sleep(1500 + (turn % 3) * 1500).then(() => forward(batch));
      late.add(arrival);
      return undefined;
    }
    const earlier = batches[(turn * 7919) % batches.length];
    if (turn % 4 === 1 && earlier !== undefined) {
      done.again += 1;
      await forward(earlier);
    }
    if (turn % 4 === 2) {
      done.twice += 1;
      const [answer] = await Promise.all([forward(batch), forward(batch)]);
      return answer;
    }
    return forward(batch);
  };

  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    read(incoming)
      .then((body) => {
        const one = { path, headers: incoming.headers, body };
        return path === BATCHES ? pass(one) : forward(one, incoming.method);
      })
      .then(
        (answer) => {
          if (answer === undefined) outgoing.writeHead(503).end();
          else outgoing.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
        },
        () => outgoing.destroy(),
      );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    done,
    /** Resolves when all delayed batches have arrived. */
    settle: async (): Promise<void> => {
      reorders = false;
      await Promise.allSettled(late);
    },
    /** Sends all batches once more, in another order. Returns the statuses of the answers. */
    replay: async (): Promise<number[]> => {
      const order = batches.toSorted((a, b) =>
        Buffer.compare(a.body.subarray(-4), b.body.subarray(-4)),
      );
      const statuses: number[] = [];
      for (const batch of order) statuses.push((await forward(batch)).status);
      return statuses;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
