/**
 * A model of lease, fence, start and stop as a small state machine: two servers, one cluster, one run. One server may sleep
 * once, at any step and for any time; a user may stop the run at any moment; load may end by itself. The model explores every
 * order of all steps. The steps are those of `holdRun`, `reconcileRun` and `guardedBy`; each access to the store or the cluster
 * is one step. The model assumes one thing about time: a command that an awake server is about to send takes effect before
 * another server gives up an unconfirmed start (after 15 s or more).
 */
type Status = "Pending" | "Starting" | "Running" | "Stopping" | "Ended";
type Load = "none" | "on" | "off";
type Run = { status: Status; fence: number; version: number; startSent: boolean };

type Server = {
  at: "read" | "lease" | "claim" | "adopt" | "attach" | "observe" | "act" | "send" | "settle";
  asleep: boolean;
  /** Its heartbeat has stood still for so long that the other server may take its lease. */
  gone: boolean;
  term: number;
  /** The run, lease and load as this server read them. */
  run?: Run;
  leaseFence?: number;
  fence?: number;
  load?: Load;
  /** No server was about to send a command when this one observed the cluster. */
  quiet?: boolean;
  readTerm?: number;
};

type State = {
  run: Run;
  lease: { holder: number; fence: number };
  cluster: { load: Load; fence: number; starts: number; known: boolean };
  servers: [Server, Server];
  sleeps: number;
  stops: number;
};

export type Guards = {
  /** The plugin refuses a command with an older fence, and does not start the same run twice. */
  readonly plugin: boolean;
  /** A server that was asleep does not act on what it read before. */
  readonly term: boolean;
};

const NOBODY = -1;

const start = (): State => ({
  run: { status: "Pending", fence: 0, version: 1, startSent: false },
  lease: { holder: NOBODY, fence: 0 },
  cluster: { load: "none", fence: 0, starts: 0, known: false },
  servers: [
    { at: "read", asleep: false, gone: false, term: 0 },
    { at: "read", asleep: false, gone: false, term: 0 },
  ],
  sleeps: 1,
  stops: 1,
});

const backToRead = (server: Server): void => {
  const { asleep, gone, term } = server;
  for (const key of Object.keys(server)) Reflect.deleteProperty(server, key);
  Object.assign(server, { at: "read", asleep, gone, term });
};

const write = (state: State, server: Server, change: Partial<Run>): boolean => {
  const { run } = state;
  const holds = run.version === server.run?.version && run.fence === server.fence;
  if (holds) Object.assign(run, change, { version: run.version + 1 });
  return holds;
};

const isSending = ({ servers }: State): boolean =>
  servers.some(({ at, asleep }) => at === "send" && !asleep);

/** Carries out a command at the cluster, unless a guard stops it. */
const command = (state: State, server: Server, guards: Guards, what: "start" | "stop"): void => {
  const { cluster } = state;
  const fence = server.fence ?? 0;
  const away = guards.term && server.readTerm !== server.term;
  const stale = guards.plugin && fence < cluster.fence;
  backToRead(server);
  if (away || stale) return;
  if (guards.plugin) cluster.fence = fence;
  if (what === "stop") {
    if (cluster.load === "on") cluster.load = "off";
    return;
  }
  if (guards.plugin && cluster.known) return;
  cluster.starts += 1;
  cluster.known = true;
  cluster.load = "on";
};

const become = (state: State, server: Server, status: Status): void => {
  write(state, server, { status });
  backToRead(server);
};

const act = (state: State, server: Server, guards: Guards): void => {
  const { run, load } = server;
  switch (run?.status) {
    case "Starting":
      if (load === "on") return become(state, server, "Running");
      if (load === "off") return become(state, server, "Stopping");
      if (!run.startSent) {
        if (write(state, server, { startSent: true })) server.at = "send";
        else backToRead(server);
        return;
      }
      // The plugin ignores a repeated start. Without the plugin the server gives the start up after a time.
      if (guards.plugin) server.at = "send";
      else if (server.quiet === true) become(state, server, "Ended");
      else backToRead(server);
      return;
    case "Running":
      return load === "on" ? backToRead(server) : become(state, server, "Stopping");
    case "Stopping":
      if (load === "on") return command(state, server, guards, "stop");
      return server.quiet === true ? become(state, server, "Ended") : backToRead(server);
    default:
      return backToRead(server);
  }
};

const step = (state: State, me: number, guards: Guards): void => {
  const server = state.servers[me];
  if (server === undefined) return;
  const { lease } = state;
  switch (server.at) {
    case "read":
      server.run = { ...state.run };
      server.readTerm = server.term;
      server.at = "lease";
      return;
    case "lease": {
      server.leaseFence = lease.fence;
      const mine = lease.holder === me && lease.fence === server.run?.fence;
      if (server.run?.status === "Ended") {
        server.at = "settle";
      } else if (mine) {
        server.fence = lease.fence;
        server.at = guards.plugin ? "attach" : "observe";
      } else if (
        lease.holder === NOBODY ||
        lease.holder === me ||
        state.servers[lease.holder]?.gone
      ) {
        server.at = "claim";
      } else backToRead(server);
      return;
    }
    case "claim":
      if (lease.fence !== server.leaseFence) return backToRead(server);
      Object.assign(lease, { holder: me, fence: lease.fence + 1 });
      server.fence = lease.fence;
      server.at = "adopt";
      return;
    case "adopt": {
      const { run } = state;
      if (run.version === server.run?.version && run.status !== "Ended") {
        run.version += 1;
        run.fence = server.fence ?? 0;
        if (run.status === "Pending") run.status = "Starting";
      } else if (lease.holder === me && lease.fence === server.fence) lease.holder = NOBODY;
      return backToRead(server);
    }
    case "attach": {
      // The cluster learns the fence before the server decides: from now on it refuses commands of an older holder.
      const { cluster } = state;
      if ((server.fence ?? 0) < cluster.fence) return backToRead(server);
      cluster.fence = server.fence ?? 0;
      server.at = "observe";
      return;
    }
    case "observe":
      server.load = state.cluster.load;
      server.quiet = !isSending(state);
      server.at = "act";
      return;
    case "act":
      return act(state, server, guards);
    case "send":
      return command(state, server, guards, "start");
    case "settle":
      if (lease.holder === me || (lease.holder !== NOBODY && state.servers[lease.holder]?.gone)) {
        lease.holder = NOBODY;
      }
      return backToRead(server);
  }
};

/** Every state that one step leads to, with the name of the step. */
const nexts = (state: State, guards: Guards): { what: string; state: State }[] => {
  const found: { what: string; state: State }[] = [];
  const add = (what: string, change: (next: State) => void): void => {
    const next = structuredClone(state);
    change(next);
    found.push({ what, state: next });
  };
  state.servers.forEach((server, me) => {
    const at = (next: State): Server => next.servers[me] ?? server;
    if (!server.asleep) add(`${me} ${server.at}`, (next) => step(next, me, guards));
    if (!server.asleep && state.sleeps > 0) {
      add(`${me} falls asleep`, (next) => {
        at(next).asleep = true;
        next.sleeps -= 1;
      });
    }
    if (server.asleep && !server.gone)
      add(`${me} counts as gone`, (next) => (at(next).gone = true));
    if (server.asleep) {
      add(`${me} wakes`, (next) => {
        if (server.gone) at(next).term += 1;
        Object.assign(at(next), { asleep: false, gone: false });
      });
    }
  });
  if (state.stops > 0 && state.run.status !== "Ended" && state.run.status !== "Stopping") {
    add("a user stops the run", (next) => {
      next.stops -= 1;
      next.run.version += 1;
      next.run.status = next.run.status === "Pending" ? "Ended" : "Stopping";
    });
  }
  if (state.cluster.load === "on") add("load ends", (next) => (next.cluster.load = "off"));
  return found;
};

const wrongIn = ({ cluster, run }: State): string | undefined => {
  if (cluster.starts > 1) return "load was started twice";
  if (run.status === "Ended" && cluster.load === "on") return "load runs for a run that has ended";
  return undefined;
};

const isGoal = ({ run, lease, cluster }: State): boolean =>
  run.status === "Ended" && lease.holder === NOBODY && cluster.load !== "on";

/**
 * Explores all states. Returns the number of states, the shortest path to a state that breaks a promise, and the number
 * of states from which no path leads to an ended run with a free slot.
 */
export const explore = (
  guards: Guards,
): { readonly states: number; readonly wrong?: readonly string[]; readonly stuck: number } => {
  const first = start();
  const paths = new Map<string, { from: string | undefined; what: string }>();
  const before = new Map<string, string[]>();
  const goals: string[] = [];
  const queue: State[] = [first];
  paths.set(JSON.stringify(first), { from: undefined, what: "start" });
  const pathTo = (key: string): string[] => {
    const path: string[] = [];
    for (let at: string | undefined = key; at !== undefined; at = paths.get(at)?.from) {
      path.unshift(paths.get(at)?.what ?? "");
    }
    return path;
  };
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head];
    if (state === undefined) break;
    const from = JSON.stringify(state);
    const wrong = wrongIn(state);
    if (wrong !== undefined)
      return { states: paths.size, wrong: [...pathTo(from), wrong], stuck: 0 };
    if (isGoal(state)) goals.push(from);
    for (const { what, state: next } of nexts(state, guards)) {
      const key = JSON.stringify(next);
      before.set(key, [...(before.get(key) ?? []), from]);
      if (paths.has(key)) continue;
      paths.set(key, { from, what });
      queue.push(next);
    }
  }
  const reaching = new Set(goals);
  for (const key of reaching) for (const one of before.get(key) ?? []) reaching.add(one);
  return { states: paths.size, stuck: paths.size - reaching.size };
};
