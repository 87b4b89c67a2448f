import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { describe, expect, test } from "vitest";
import type { ClusterAdapter } from "./port.ts";
import { createRegistry } from "./registry.ts";
import type { ClusterConfig } from "./select-cluster.ts";

const attached = (id: string, port: number): ClusterConfig => ({
  id,
  kind: "attached",
  scope: { accountId: id, orgId: "o", projectId: "p" },
  maxConcurrentRuns: 1,
  baseUrl: `http://127.0.0.1:${port}`,
});
const NONE = new Set<string>();
const run = (id: string, more: Partial<LoadTestRun> = {}): LoadTestRun =>
  ({ id, locustClusterId: "a", ...more }) as LoadTestRun;

/** Adapters that record each call. */
const registryOf = (...configs: ClusterConfig[]) => {
  const asked: string[] = [];
  let created = 0;
  const registry = createRegistry((config) => {
    const name = `${config.id}/${(created += 1)}`;
    const note = (what: string) => async (): Promise<void> => {
      asked.push(`${what} ${name}`);
    };
    return {
      config,
      observe: async () => {
        asked.push(`observe ${name}`);
        return { kind: "nothing" };
      },
      commands: {
        prepare: note("prepare"),
        attach: note("attach"),
        start: note("start"),
        setUsers: note("setUsers"),
        stop: note("stop"),
        kill: note("kill"),
        cleanUp: note("cleanUp"),
      },
      spooled: async () => [],
      remove: note("remove"),
      probe: async () => ({ state: "idle", message: name }),
    } satisfies ClusterAdapter;
  }, configs);
  return { registry, asked };
};

describe("the configured clusters", () => {
  test("are added, removed and changed; an unchanged one keeps its adapter", async () => {
    const { registry, asked } = registryOf(attached("a", 1), attached("b", 2), attached("c", 3));
    const kept = registry.get("a");
    const changes = registry.replace(
      [attached("d", 4), attached("a", 1), attached("b", 22)],
      new Set(["c", "a"]),
    );
    expect(changes).toEqual({ added: ["d"], removed: ["c"], changed: ["b"], draining: ["c"] });
    expect([...registry.values()].map(({ config }) => config.id)).toEqual(["d", "a", "b"]);
    expect(registry.get("a")).toBe(kept);
    await kept?.observe(run("1"));
    expect(asked).toEqual(["observe a/1"]);
    expect(await registry.get("b")?.probe()).toMatchObject({ message: "b/5" });
  });

  test("a run goes on with the adapter that it began with, until it is settled", async () => {
    const { registry, asked } = registryOf(attached("a", 1));
    const [old, next] = [run("old"), run("new")];
    await registry.of(old).observe(old);
    registry.replace([attached("a", 2)], new Set(["a"]));
    await registry.of(old).commands.stop({ run: old, fence: 1 });
    await registry.of(next).observe(next);
    await registry.of(old).commands.cleanUp(old, async () => {});
    registry.forget("old");
    await registry.of(run("old", { settledAt: 1 })).remove("old");
    expect(asked).toEqual(["observe a/1", "stop a/1", "observe a/2", "cleanUp a/1", "remove a/2"]);
    expect(registry.get("a")?.config).toMatchObject({ baseUrl: "http://127.0.0.1:2" });
  });

  test("a removed one takes no new runs, stays for its active runs, and may come back", async () => {
    const { registry, asked } = registryOf(attached("a", 1));
    await registry.of(run("1")).observe(run("1"));
    expect(registry.replace([], new Set(["a"])).draining).toEqual(["a"]);
    expect([...registry.values()]).toEqual([]);
    await registry.of(run("1")).commands.stop({ run: run("1"), fence: 1 });
    expect(asked).toEqual(["observe a/1", "stop a/1"]);
    expect(registry.replace([], new Set(["a"]))).toEqual({
      added: [],
      removed: [],
      changed: [],
      draining: ["a"],
    });
    expect(registry.replace([attached("a", 1)], new Set(["a"])).added).toEqual(["a"]);
    expect(await registry.get("a")?.probe()).toMatchObject({ message: "a/1" });
    registry.replace([], NONE);
    expect(registry.get("a")).toBeDefined();
    registry.replace([], NONE);
    expect(registry.get("a")).toBeUndefined();
  });
});

describe("the cluster of a run that is no longer configured", () => {
  test("on this machine: its processes are still observed and stopped, and none is started", async () => {
    const { registry, asked } = registryOf(attached("a", 1));
    const left = { id: "1", locustClusterId: "gone", hostId: "h", engine: { workers: 3 } };
    const cluster = registry.of(left as LoadTestRun);
    expect(cluster.config).toMatchObject({ id: "gone", kind: "local", workers: 3 });
    const hold = { run: left as LoadTestRun, fence: 1 };
    await cluster.commands.stop(hold);
    const script = { entrypoint: "locustfile.py", files: new Map() };
    const prepared = cluster.commands.prepare(hold, script, async () => {});
    await expect(prepared).rejects.toThrow("no longer configured");
    await expect(cluster.commands.start(hold)).rejects.toThrow("no longer configured");
    expect(await cluster.observe(hold.run)).toMatchObject({
      kind: "dead",
      code: "cluster_unknown",
    });
    expect(asked).toEqual(["stop gone/2", "observe gone/2"]);
  });

  test("at a known address: the run is still stopped there, and nothing is started", async () => {
    const { registry, asked } = registryOf(attached("a", 1));
    const startSent = { at: 1, baseUrl: "http://127.0.0.1:7" };
    const left = { id: "1", locustClusterId: "gone", startSent } as LoadTestRun;
    const cluster = registry.of(left);
    expect(cluster.config).toMatchObject({ kind: "attached", baseUrl: startSent.baseUrl });
    await cluster.commands.stop({ run: left, fence: 1 });
    await expect(cluster.commands.start({ run: left, fence: 1 })).rejects.toThrow(
      "no longer configured",
    );
    expect(asked).toEqual(["stop gone/2"]);
  });

  test("elsewhere: it is unreachable, and whether load is left is unknown", async () => {
    const { registry } = registryOf(attached("a", 1));
    const cluster = registry.of({ id: "1", locustClusterId: "gone" } as LoadTestRun);
    expect(await cluster.observe(run("1"))).toEqual({
      kind: "unreachable",
      refused: false,
      hasNoAddress: true,
      message: "The cluster gone is no longer configured.",
    });
    await expect(cluster.commands.cleanUp(run("1"), async () => {})).rejects.toThrow("no longer");
  });
});
