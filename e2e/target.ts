import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Target = {
  readonly url: string;
  /** The number of requests that have arrived. */
  readonly arrived: () => number;
  /** Stops answering; `answer` answers all waiting requests and later ones. */
  readonly hang: () => void;
  readonly answer: () => void;
  readonly close: () => Promise<void>;
};

/** A target on loopback that answers every request with one status, or not at all. */
export const startTarget = async (status = 200): Promise<Target> => {
  let arrived = 0;
  let hanging = false;
  const waiting = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    arrived += 1;
    request.resume();
    if (hanging) waiting.add(response);
    else response.writeHead(status).end("{}");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived: () => arrived,
    hang: () => {
      hanging = true;
    },
    answer: () => {
      hanging = false;
      for (const response of waiting) response.writeHead(status).end("{}");
      waiting.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A script that requests one page repeatedly. */
export const VISITS = `
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def visit(self):
        self.client.get("/visit")
`;
