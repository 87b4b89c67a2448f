import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import { ask, clockAhead, type Reply } from "../locust-http.ts";
import { isBusy, Stats } from "./stats.ts";

/** The state in the start page: up to 2.27, and in the data that newer pages are made from. */
const PAGE_STATE = /<body class="([a-z]+)">|window\.templateArgs = .*?"state": ?"([a-z]+)"/;

/** Its version, likewise. */
const PAGE_VERSION =
  /locust\/releases\/tag\/([\d.]+)"|window\.templateArgs = .*?"version": ?"([\d.]+)"/;

/** Locust answers a stop only after its users are gone. Where that takes longer, the next observation shows it. */
const TIMEOUT_MS = 4000;

type Silence = Extract<Reply, { readonly kind: "silent" }>;

/** Locust's own pages, which every version from 2.12.1 on has. */
export type Pages = {
  /** `/stats/requests`, which may be seconds old. `aheadMs`: how far Locust's clock is ahead of the server's. */
  readonly stats: () => Promise<
    { readonly kind: "stats"; readonly stats: Stats; readonly aheadMs: number } | Silence
  >;
  /** Locust's version, from the start page; undefined where that does not show it. */
  readonly version: () => Promise<string | undefined>;
  /** The present state, from the start page where that shows it. Rejects with AppError unavailable where nobody answers. */
  readonly stateNow: () => Promise<string>;
  /** Tells the run to an older plugin in the script, where one has a route for it; its callbacks then name the run. */
  readonly setContext: (run: LoadTestRun) => Promise<void>;
  /**
   * Starts the load or changes its users; `shape`: Locust follows a LoadTestShape of the script instead, of this name where it says
   * it. Rejects with AppError conflict where Locust refuses, else unavailable.
   */
  readonly swarm: (
    run: LoadTestRun,
    users: number,
    spawnRate: number,
  ) => Promise<{ readonly shape?: { readonly name: string | undefined } }>;
  /** Stops whatever load there is. Rejects like `swarm`. */
  readonly stop: () => Promise<void>;
};

const formOf = (run: LoadTestRun, users: number, spawnRate: number): URLSearchParams =>
  new URLSearchParams({
    user_count: String(users),
    spawn_rate: String(spawnRate),
    ...(run.targetUrl === undefined ? {} : { host: run.targetUrl }),
  });

/** An older plugin knows one level more: what it calls the tenant is the account. */
const contextOf = ({ id: runId, accountId, orgId, projectId, envId }: LoadTestRun): string =>
  JSON.stringify({ runId, tenantId: accountId, accountId, orgId, projectId, envId });

const SwarmAnswer = z.looseObject({ success: z.boolean(), message: z.string() });

/** Older Locusts do not name the class. */
const BY_SHAPE = /^Swarming started using shape class(?: '(.*)')?$/;

/** The message of Locust. */
const startedBy = (reply: Reply): string => {
  if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
  const answer = SwarmAnswer.safeParse(reply.json);
  if (reply.status >= 300 || !answer.success) {
    throw new AppError("unavailable", `Locust answered the start with status ${reply.status}`);
  }
  if (!answer.data.success) {
    throw new AppError("conflict", `Locust refused the start: ${answer.data.message}`);
  }
  return answer.data.message;
};

const assertStopped = (reply: Reply): void => {
  if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
  if (reply.status >= 300) {
    throw new AppError("conflict", `Locust refused the stop: status ${reply.status}`);
  }
};

export const createPages = (
  baseUrl: string,
  tokens: () => readonly string[],
  clock: Pick<Clock, "now">,
): Pages => {
  const base = baseUrl.replace(/\/+$/, "");
  const request = (path: string, init: RequestInit = {}): Promise<Reply> => {
    const [token] = tokens();
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    return ask(`${base}${path}`, { ...init, headers, timeoutMs: TIMEOUT_MS }, clock);
  };
  const stats: Pages["stats"] = async () => {
    const reply = await request("/stats/requests");
    if (reply.kind === "silent") return reply;
    const parsed = Stats.safeParse(reply.json);
    if (parsed.success) {
      return { kind: "stats", stats: parsed.data, aheadMs: clockAhead(reply, reply.dateMs, 1000) };
    }
    const message = `${base}: this does not answer like a Locust master (status ${reply.status})`;
    return { kind: "silent", refused: false, message };
  };
  const stateNow = async (): Promise<string> => {
    const page = await request("/");
    const shown = page.kind === "answer" ? PAGE_STATE.exec(page.text) : null;
    const state = shown?.[1] ?? shown?.[2];
    if (state !== undefined) return state;
    const reply = await stats();
    if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
    return reply.stats.state;
  };
  return {
    stats,
    stateNow,
    setContext: async (run) => {
      await request("/controlplane/set-context", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: contextOf(run),
      });
    },
    version: async () => {
      const page = await request("/");
      const shown = page.kind === "answer" ? PAGE_VERSION.exec(page.text) : null;
      return shown?.[1] ?? shown?.[2];
    },
    swarm: async (run, users, spawnRate) => {
      const message = startedBy(
        await request("/swarm", { method: "POST", body: formOf(run, users, spawnRate) }),
      );
      const shape = BY_SHAPE.exec(message);
      return shape === null ? {} : { shape: { name: shape[1] } };
    },
    stop: async () => {
      if (!isBusy(await stateNow())) return;
      // POST from 2.47 on, GET before; an answer 405 has no side effect.
      const post = await request("/stop", { method: "POST" });
      const isOlder = post.kind === "answer" && post.status === 405;
      assertStopped(isOlder ? await request("/stop") : post);
    },
  };
};
