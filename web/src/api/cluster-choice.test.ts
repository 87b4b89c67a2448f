import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { expect, test } from "vitest";
import { choiceOf, wouldWait } from "./cluster-choice.ts";

const cluster = (id: string, more: Partial<ClusterAnswer> = {}): ClusterAnswer => ({
  id,
  kind: "local",
  origin: "config",
  maxConcurrentRuns: 2,
  state: "idle",
  since: 0,
  holders: [],
  processes: [],
  queueLength: 0,
  ...more,
});
const loadTest = (more: Partial<LoadTestAnswer> = {}): LoadTestAnswer =>
  ({ accountId: "acme", orgId: "web", projectId: "shop", ...more }) as LoadTestAnswer;

const everything = cluster("everything");
const ofWeb = cluster("web", { accountId: "acme", orgId: "web" });

test("the most specific cluster that serves the scope takes the run", () => {
  expect(choiceOf(loadTest(), [everything, ofWeb])).toEqual({ kind: "one", cluster: ofWeb });
  const elsewhere = loadTest({ orgId: "mail" });
  expect(choiceOf(elsewhere, [everything, ofWeb])).toMatchObject({ cluster: everything });
});

test("the one that is named takes it, and nothing else does where it is missing", () => {
  const named = loadTest({ locustClusterId: "everything" });
  expect(choiceOf(named, [everything, ofWeb])).toMatchObject({ cluster: everything });
  expect(choiceOf(named, [ofWeb])).toEqual({ kind: "none" });
});

test("two that serve it equally well are said, and so is that none does", () => {
  const other = cluster("other", { accountId: "acme", orgId: "web" });
  expect(choiceOf(loadTest(), [ofWeb, other])).toEqual({ kind: "several", ids: ["web", "other"] });
  expect(choiceOf(loadTest({ accountId: "else" }), [ofWeb])).toEqual({ kind: "none" });
});

test("a run waits where every slot is held, where others wait, or where the Locust is busy", () => {
  const holders = [{ runId: "1", slot: 0 }];
  expect(wouldWait(cluster("a", { holders }))).toBe(false);
  expect(wouldWait(cluster("a", { holders: [...holders, { runId: "2", slot: 1 }] }))).toBe(true);
  expect(wouldWait(cluster("a", { queueLength: 1 }))).toBe(true);
  expect(wouldWait(cluster("a", { state: "busy" }))).toBe(true);
});
