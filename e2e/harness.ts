import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@load-manager/contract/api/client.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { expect } from "vitest";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const CLI = join(ROOT, "cli/bin/load-manager.js");
export const PLUGIN = join(ROOT, "locust-plugin");
export const LOCUSTFILE = readFileSync(join(ROOT, "examples/shop/locustfile.py"), "utf8");
export const SCOPE = { accountId: "acc", orgId: "org", projectId: "proj" };

/** The Locust versions that this machine has for the tests; `npm test` reports the missing ones. */
const present = (name: string, variable: string): { name: string; python: string }[] => {
  const python = process.env[variable];
  return python === undefined ? [] : [{ name, python }];
};
export const LOCUSTS = [
  ...present("the newest Locust", "LOAD_MANAGER_PYTHON"),
  ...present("Locust 2.12.1", "LOAD_MANAGER_TEST_PYTHON_212"),
];
/** Of what depends little on Locust's version: `npm test` takes the newest, `npm run test:locust` every one. */
export const ONE_LOCUST =
  process.env["LOAD_MANAGER_LOCUST"] === "all" ? LOCUSTS : LOCUSTS.slice(0, 1);
/** Debian's package of 2.12.1 does not report its version. */
export const WITH_DEBIANS = [
  ...LOCUSTS,
  ...present("Debian's Locust", "LOAD_MANAGER_TEST_PYTHON_DEBIAN"),
];

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "load-manager-e2e-"));

export const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true });

/** Calls `check` until it returns a value; the error after `seconds` names `what`. */
export const until = async <T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  seconds = 60,
): Promise<T> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const seen = await check();
    if (seen !== undefined) return seen;
    await sleep(100);
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
};

/** Live processes whose environment contains `text`, such as a run folder. */
export const processesWith = (text: string): { pid: number; role: string | undefined }[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environ = readFileSync(`/proc/${name}/environ`, "latin1");
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        const zombie = stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
        if (zombie || !environ.includes(text)) return [];
        return [{ pid: Number(name), role: /LOAD_MANAGER_ROLE=([^\0]*)/.exec(environ)?.[1] }];
      } catch {
        return [];
      }
    });

export type Program = {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
};

/** Starts a program in its own process group (a signal to the group is a Ctrl-C), and keeps its output. */
export const start = (
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = ROOT,
): Program => {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  return { child, output: () => output, ended };
};

export const ctrlC = ({ child }: Program): void => {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
};

export type Server = Program & {
  readonly address: string;
  readonly client: Client;
  readonly dataDir: string;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
};

/** Starts a server process on a free port. */
export const startServer = async (options: {
  readonly python: string;
  readonly dataDir: string;
  readonly config?: string;
  readonly port?: number;
  readonly env?: Record<string, string>;
}): Promise<Server> => {
  const file = join(options.dataDir, "..", `${options.dataDir.split("/").at(-1)}.yaml`);
  const config = options.config === undefined ? [] : ["--config", file];
  if (options.config !== undefined) writeFileSync(file, options.config);
  const args = [
    CLI,
    "serve",
    "--port",
    String(options.port ?? 0),
    "--data-dir",
    options.dataDir,
    ...config,
  ];
  const program = start(process.execPath, args, {
    LOAD_MANAGER_PYTHON: options.python,
    ...options.env,
  });
  const address = await until(
    "the server's ready line",
    () => {
      if (program.child.exitCode !== null) throw new Error(program.output());
      return /ready: (http:\S+)/.exec(program.output())?.[1];
    },
    20,
  );
  return {
    ...program,
    address,
    client: createClient({ baseUrl: address }),
    dataDir: options.dataDir,
    kill: async (signal) => {
      if (program.child.exitCode === null) program.child.kill(signal);
      await program.ended;
    },
  };
};

export const defineShop = async (
  client: Client,
  targetUrl: string,
  more: {
    readonly locustfile?: string;
    readonly name?: string;
    readonly tags?: string[];
    readonly criteria?: { readonly expression: string }[];
    readonly stopTimeoutSeconds?: number;
    readonly locustClusterId?: string;
    readonly environment?: Record<string, string>;
    readonly autoStop?: { readonly enabled: boolean };
    readonly userClasses?: { readonly name: string }[];
    readonly excludeTags?: string[];
    readonly endpointGroups?: { readonly pattern: string }[];
    readonly scriptOptions?: Record<string, string | number | boolean | string[]>;
  } = {},
): Promise<string> => {
  const body = { ...SCOPE, name: "Shop", targetUrl, locustfile: LOCUSTFILE, ...more };
  return (await client.createLoadTest({ body })).id;
};

export const ENDED = ["Finished", "Stopped", "Failed"];

/** Waits until the run is settled. */
export const settled = (client: Client, runId: string, seconds = 90) =>
  until(
    `the end of run ${runId}`,
    async () => {
      const run = await client.getRun({ params: { runId } });
      return run.settledAt === undefined ? undefined : run;
    },
    seconds,
  );

export const running = (client: Client, runId: string) =>
  until(`run ${runId} to be Running`, async () => {
    const run = await client.getRun({ params: { runId } });
    if (ENDED.includes(run.status)) throw new Error(JSON.stringify(run.statusReason));
    return run.status === "Running" ? run : undefined;
  });

/** Requests and failures of each endpoint, as Load Manager reports them. */
export const counted = async (client: Client, runId: string) => {
  const { items } = await client.getRunRequests({ params: { runId } });
  return Object.fromEntries(
    items.map(({ method, name, totalRequests, totalFailures }) => [
      `${method} ${name}`,
      { requests: totalRequests, failures: totalFailures },
    ]),
  );
};

export const eventsOf = async (client: Client, runId: string) =>
  (await client.listRunEvents({ params: { runId }, query: { limit: 200 } })).items;

/** Expects that no Locust process of this server is left. */
export const expectNoProcesses = (dataDir: string): void =>
  expect(processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`)).toEqual([]);
