import { Agent, request } from "node:http";
import type { Program } from "./processes.ts";

export const portOf = (program: Program): number =>
  Number(/ready: (\d+)/.exec(program.output())?.[1] ?? 0);

/** Sends batches to a server; each call resolves with the time of its answer, in ms. */
export const poster = (port: number, connections: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    post: (body: Uint8Array): Promise<number> =>
      new Promise((resolve, reject) => {
        const begun = performance.now();
        const sent = request(
          {
            port,
            host: "127.0.0.1",
            method: "POST",
            path: "/v1/internal/locust/samples",
            agent,
            headers: {
              "content-type": "application/vnd.load-manager.batch",
              "x-locust-token": "callback-token-of-the-bench",
              "content-length": body.length,
            },
          },
          (answer) => {
            answer.resume();
            answer.on("end", () => {
              if (answer.statusCode === 200) resolve(performance.now() - begun);
              else reject(new Error(`the server answered ${answer.statusCode}`));
            });
          },
        );
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
};
