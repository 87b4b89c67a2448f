import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { LOCUSTFILE, PLUGIN, type Program, SCOPE, start, until } from "./harness.ts";

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

const [FIRST_PORT, PORTS, PORTS_OF_A_PROCESS] = [20_000, 12_000, 50];
let given = randomInt(PORTS_OF_A_PROCESS);

/**
 * A port below those that the system gives to connections, which could take it before the test's program does. Each test
 * process has its own fifty, and gives each of them in turn: what is given is not yet in use.
 */
export const freePort = async (): Promise<number> => {
  const first = FIRST_PORT + ((process.pid * PORTS_OF_A_PROCESS) % PORTS);
  for (;;) {
    const port = first + (given % PORTS_OF_A_PROCESS);
    given += 1;
    if (await canListen(port)) return port;
  }
};

export const workersReady = (baseUrl: string): Promise<true> =>
  until("two ready workers", async () => {
    const answer = await fetch(`${baseUrl}/stats/requests`).catch(() => undefined);
    const stats = (await answer?.json().catch(() => undefined)) as
      | { workers?: { state: string }[] }
      | undefined;
    return stats?.workers?.filter(({ state }) => state === "ready").length === 2 ? true : undefined;
  });

/** A Locust that the server does not start: a master and two workers, with or without the plugin. */
export const startLocust = async (options: {
  readonly python: string;
  readonly folder: string;
  readonly plugin: boolean;
  readonly serverUrl?: string;
  readonly script?: string;
  readonly workers?: number;
  /** Additional environment variables of one process: the master is 0, the workers are 1, 2 … */
  readonly env?: (process: number) => Record<string, string>;
  /** The ports of an earlier master, for one that is started again. */
  readonly ports?: { readonly web: number; readonly master: number };
  /** Additional arguments of the master that runs by itself, without a page, as soon as its workers are there. */
  readonly headless?: readonly string[];
}) => {
  const { web, master } = options.ports ?? { web: await freePort(), master: await freePort() };
  const { workers = 2 } = options;
  const script = join(options.folder, "locustfile.py");
  mkdirSync(options.folder, { recursive: true });
  writeFileSync(script, options.script ?? LOCUSTFILE);
  const module = options.plugin ? "load_manager_locust" : "locust";
  const env = {
    PYTHONPATH: options.plugin ? PLUGIN : "",
    PYTHONDONTWRITEBYTECODE: "1",
    LOAD_MANAGER_PYTHON: "",
    LOAD_MANAGER_TOKEN: "callback-token",
    LOAD_MANAGER_ACCOUNT_ID: SCOPE.accountId,
    LOAD_MANAGER_ORG_ID: SCOPE.orgId,
    LOAD_MANAGER_PROJECT_ID: SCOPE.projectId,
    ...(options.serverUrl === undefined ? {} : { LOAD_MANAGER_URL: options.serverUrl }),
  };
  const args = (more: string[]) => ["-m", module, "-f", script, ...more];
  const ports = ["--master-bind-host", "127.0.0.1", "--master-bind-port", String(master)];
  const { headless } = options;
  const page =
    headless === undefined
      ? ["--web-host", "127.0.0.1", "--web-port", String(web)]
      : ["--headless", "--expect-workers", String(workers), ...headless];
  const programs: Program[] = [
    start(options.python, args(["--master", ...ports, ...page]), { ...env, ...options.env?.(0) }),
  ];
  for (let worker = 0; worker < workers; worker += 1) {
    const address = ["--worker", "--master-host", "127.0.0.1", "--master-port", String(master)];
    programs.push(start(options.python, args(address), { ...env, ...options.env?.(worker + 1) }));
  }
  const baseUrl = `http://127.0.0.1:${web}`;
  if (workers > 0 && headless === undefined) await workersReady(baseUrl);
  return {
    baseUrl,
    ports: { web, master },
    /** The master first, then the workers. */
    programs,
    stop: async () => {
      for (const { child } of programs) child.kill("SIGKILL");
      await Promise.all(programs.map(({ ended }) => ended));
    },
  };
};

export const config = (baseUrl: string): string => `
locustClusters:
  - id: attached
    baseUrl: ${baseUrl}
    accountId: ${SCOPE.accountId}
    orgId: ${SCOPE.orgId}
    projectID: ${SCOPE.projectId}
security:
  locustCallbackToken: callback-token
`;

export const post = (url: string, form: Record<string, string>): Promise<Response> =>
  fetch(url, { method: "POST", body: new URLSearchParams(form) });

/** Locust takes POST from 2.47 on, and GET before. */
export const pressStop = async (baseUrl: string): Promise<void> => {
  const answer = await post(`${baseUrl}/stop`, {});
  if (answer.status === 405) await fetch(`${baseUrl}/stop`);
};
