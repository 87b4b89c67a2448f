import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { config, freePort, startLocust, workersReady } from "./attached-locust.ts";
import {
  defineShop,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/script_ends.py"), "utf8");

type Ended = Awaited<ReturnType<typeof settled>>;
type Event = Awaited<ReturnType<typeof eventsOf>>[number];
type Case = {
  readonly mode: string;
  readonly ends: readonly [status: string, code: string];
  readonly check?: (ended: Ended, events: readonly Event[]) => void;
};

const ofType = (events: readonly Event[], type: string): Event[] =>
  events.filter((event) => event.type === type);

/** Its script's exceptions, as far as their events name them. */
const raised = (events: readonly Event[]): string[] =>
  ofType(events, "script_error").map(({ message }) => message);

const CASES: readonly Case[] = [
  {
    mode: "late",
    ends: ["Finished", "duration_reached"],
    check: (ended) => expect(ended.summary?.totalRequests).toBe(3),
  },
  {
    mode: "leave",
    ends: ["Finished", "users_finished"],
    check: (ended, events) => {
      expect([ended.summary?.totalRequests, ended.health]).toEqual([15, "ok"]);
      expect(ofType(events, "users_left")).toHaveLength(1);
    },
  },
  { mode: "stop", ends: ["Stopped", "stopped_by_script"] },
  {
    mode: "noseat",
    ends: ["Finished", "duration_reached"],
    check: (_, events) => {
      expect(raised(events)).toEqual(["The script raised an exception: no seat left"]);
      expect(JSON.stringify(events)).toContain("in __init__");
    },
  },
  {
    mode: "nosuper",
    ends: ["Failed", "spawn_failed"],
    check: ({ statusReason }, events) => {
      expect(statusReason?.message).toMatch(
        /The script raises: .*(call the base constructor|does not call super)/,
      );
      expect(raised(events)[0]).toMatch(/call the base constructor|does not call super/);
    },
  },
  {
    mode: "listeners",
    ends: ["Finished", "duration_reached"],
    check: (_, events) => {
      const failed = ofType(events, "listener_failed").map(({ message }) => message);
      expect(failed.toSorted()).toEqual([
        expect.stringMatching(
          /^A listener of the script for request raises: ValueError: no label \d+ \(\w+.py, line \d+\)\.$/,
        ),
        expect.stringMatching(/for test_start raises: LookupError: no shop in test_start \(/),
      ]);
    },
  },
  {
    mode: "raise",
    ends: ["Failed", "no_requests"],
    check: ({ statusReason }) => {
      expect(statusReason?.message).toMatch(
        /always the same \(locustfile.py, line \d+\), the most frequent of 3 kinds of exceptions/,
      );
    },
  },
];

/** The exception ends the workers. */
const EXIT: Case = {
  mode: "exit",
  ends: ["Failed", "script_failed_on_start"],
  check: ({ statusReason }, events) => {
    expect(statusReason?.message).toMatch(/SystemExit: no token \(locustfile.py, line \d+\)/);
    expect(raised(events)).toEqual(["The script raised an exception: no token"]);
  },
};

const QUIT: Case = { mode: "quit", ends: ["Stopped", "stopped_by_script"] };

/** It cannot be loaded without a variable. */
const IMPORT: Case = {
  mode: "import",
  ends: ["Failed", "locust_exited"],
  check: ({ statusReason }) =>
    expect(statusReason?.message).toMatch(/: KeyError: 'SHOP_TOKEN' \(locustfile.py, line 2\)\.$/),
};

/** A listener of `init` raises in the workers, after they have connected. */
const INIT: Case = {
  mode: "init",
  ends: ["Failed", "no_workers"],
  check: ({ statusReason }, events) => {
    const cause =
      /^All 2 workers ended before the load began\. worker-1 \(exit code 1\): AssertionError: only with a page \(locustfile\.py, line \d+\)\.$/;
    expect(statusReason?.message).toMatch(cause);
    expect(statusReason?.logTail?.join("\n")).toContain("AssertionError: only with a page");
    const status = ofType(events, "status").map(({ message }) => message);
    expect(status.join("\n")).toContain("worker-1 (exit code 1): AssertionError: only with");
    expect(status.join("\n")).not.toContain("duration");
  },
};

/** The same users are missing for longer than 10 s. */
const MISSING: Case = {
  mode: "noseat",
  ends: ["Finished", "duration_reached"],
  check: (_, events) => {
    const health = ofType(events, "health").find(
      ({ data }) => data?.["code"] === "users_below_target",
    );
    expect(health?.message).toMatch(
      /\d of 3 users run.*ConnectionError: no seat left \(locustfile/,
    );
  },
};

/** Such a listener is called once its worker has connected, so the start has been sent when it raises. */
const INIT_LISTENER = `
@events.init.add_listener
def need_page(environment, **kwargs):
    if environment.web_ui is None:
        from gevent import monkey
        monkey.get_original("time", "sleep")(2)
        raise AssertionError("only with a page")
`;

const scriptOf = (one: Case): string => {
  if (one === INIT) return `${SCRIPT}${INIT_LISTENER}`;
  return one === IMPORT ? `import os\nos.environ["SHOP_TOKEN"]\n${SCRIPT}` : SCRIPT;
};

const runOf = async ({ client }: Server, one: Case) => {
  const { mode } = one;
  const loadTestId = await defineShop(client, `http://${mode}.test`, {
    locustfile: scriptOf(one),
    stopTimeoutSeconds: mode === "late" ? 5 : 0,
  });
  const durationSeconds = mode === "late" ? 2 : one === MISSING ? 15 : 6;
  const body = { targetUsers: 3, spawnRate: 3, durationSeconds };
  return (await client.createRun({ params: { loadTestId }, body })).id;
};

const expectEnd = async ({ client }: Server, one: Case, runId: string): Promise<void> => {
  const ended = await client.getRun({ params: { runId } });
  const events = await eventsOf(client, runId);
  const { status, statusReason } = ended;
  expect([one.mode, status, statusReason?.code]).toEqual([one.mode, ...one.ends]);
  expect(JSON.stringify(events)).not.toContain("own page");
  one.check?.(ended, events);
};

describe.each(ONE_LOCUST)(
  "a script that ends the test or goes wrong, on $name",
  ({ name, python }) => {
    let folder: string;
    let server: Server | undefined;
    let locust: Awaited<ReturnType<typeof startLocust>> | undefined;
    beforeEach(() => {
      folder = newFolder();
      mkdirSync(join(folder, "data"), { recursive: true });
    });
    afterEach(async () => {
      await server?.kill("SIGTERM");
      await locust?.stop();
      expectNoProcesses(folder);
      removeFolder(folder);
      [server, locust] = [undefined, undefined];
    });

    test("has its reason on a local cluster", async () => {
      const clusters = `
locustClusters:
  - { id: local, kind: local, workers: 2, maxConcurrentRuns: 3 }
`;
      const on = await startServer({ python, dataDir: join(folder, "data"), config: clusters });
      server = on;
      // Locust up to 2.32.4 goes on where a listener of `init` raises.
      const isFatal = name !== "Locust 2.12.1";
      const cases = [MISSING, ...CASES, EXIT, QUIT, IMPORT, ...(isFatal ? [INIT] : [])];
      const runs: [Case, string][] = [];
      for (const one of cases) runs.push([one, await runOf(on, one)]);
      for (const [, runId] of runs) await settled(on.client, runId);
      for (const [one, runId] of runs) await expectEnd(on, one, runId);
    });

    test("has its reason on an attached cluster", async () => {
      const port = await freePort();
      const serverUrl = `http://127.0.0.1:${port}`;
      locust = await startLocust({ python, folder, plugin: true, serverUrl, script: SCRIPT });
      const dataDir = join(folder, "data");
      const on = await startServer({ python, dataDir, config: config(locust.baseUrl), port });
      server = on;
      // Those that end the workers come last.
      for (const one of [...CASES, EXIT]) {
        await workersReady(locust.baseUrl);
        const runId = await runOf(on, one);
        await settled(on.client, runId);
        await expectEnd(on, one, runId);
      }
    });
  },
);
