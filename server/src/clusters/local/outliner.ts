import { manifestOf } from "../../lib/script-manifest.ts";
import { digestOf } from "../../lib/secrets.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ScriptOutlined, ScriptOutliner } from "../port.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { type OutlineRequest, readOutline } from "./outline.ts";

/** At a time; each takes a process and much of a core. */
const AT_ONCE = 2;
/** That wait for their turn. */
const WAITING = 20;
const CACHED = 50;
/** Packages of a Python may change while a server runs. */
const CACHED_MS = 10 * 60_000;

type Deps = {
  readonly pythonOf: (cluster: Extract<ClusterConfig, { kind: "local" }>) => string;
  /** Of the packages of scripts. */
  readonly environmentsFolder: string;
  readonly clock: Pick<Clock, "monotonic">;
  readonly read?: (request: OutlineRequest) => Promise<ScriptOutlined>;
};

/** Outlines of scripts on local clusters: few at a time, and remembered for a while. */
export const createOutliner = (deps: Deps): ScriptOutliner => {
  const { pythonOf, environmentsFolder, clock, read = readOutline } = deps;
  const known = new Map<string, { readonly outlined: ScriptOutlined; readonly until: number }>();
  const underWay = new Map<string, Promise<ScriptOutlined>>();
  const turn = createTurns(AT_ONCE, WAITING);

  const remember = (key: string, outlined: ScriptOutlined): void => {
    // What a script raised may have to do with the moment.
    if (outlined.found === undefined || outlined.problems.length > 0) return;
    known.delete(key);
    known.set(key, { outlined, until: clock.monotonic() + CACHED_MS });
    const [oldest] = known.keys();
    if (known.size > CACHED && oldest !== undefined) known.delete(oldest);
  };

  return async (cluster, script, environment = {}) => {
    if (cluster.kind !== "local") {
      const why = `The cluster ${cluster.id} runs the script that it was started with; only local clusters import another.`;
      return { problems: [], why };
    }
    const request = { python: pythonOf(cluster), environmentsFolder, script, environment };
    const key = keyOf(request);
    const cached = known.get(key);
    if (cached !== undefined && cached.until > clock.monotonic()) return cached.outlined;
    const same = underWay.get(key);
    if (same !== undefined) return same;
    const reading = turn(() => read(request)).then(
      (outlined) =>
        outlined ?? { problems: [], why: "Too many other scripts are imported at this moment." },
    );
    underWay.set(key, reading);
    const outlined = await reading.finally(() => underWay.delete(key));
    remember(key, outlined);
    return outlined;
  };
};

const keyOf = ({ python, script, environment }: OutlineRequest): string => {
  const { sha256 } = manifestOf(script.files, script.entrypoint);
  const variables = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(JSON.stringify([python, sha256, variables]));
};

/** Lets `atOnce` jobs run and `waiting` wait; the result of a further one is `undefined`. */
const createTurns = (atOnce: number, waiting: number) => {
  const queue: (() => void)[] = [];
  let running = 0;
  return async <Result>(job: () => Promise<Result>): Promise<Result | undefined> => {
    if (running >= atOnce) {
      if (queue.length >= waiting) return undefined;
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running += 1;
    try {
      return await job();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
