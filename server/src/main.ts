import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReloadAnswer } from "@load-manager/contract/api/reload.ts";
import { type Logger, pino } from "pino";
import { messageOf } from "./lib/errors.ts";
import { readableLine } from "./lib/log-format.ts";
import { onSignal } from "./lib/signals.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { type OpenDemo, remarks, startServer } from "./server.ts";

const STOP_WINDOW_MS = 5000;
/** Longer than any answer takes. */
const CLOSE_MS = 30_000;
/** How long the last lines of output may take to be read. */
const LAST_WORDS_MS = 1000;

/**
 * `load-manager serve`: runs until a signal ends it. The first Ctrl-C with active runs says which go on and waits
 * for a second one, which stops them; SIGTERM leaves them running; SIGHUP reads the configuration again. It also ends when another
 * program takes its data away. Resolves when everything is closed.
 */
export const serve = async (
  { config, file, warnings, again }: LoadedConfig,
  out: (line: string) => void,
  openDemo?: OpenDemo,
): Promise<void> => {
  const log = createLog(config.logging.level);
  // The reader of the output may be gone, or its disk full: a server that manages runs must go on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const server = await startServer(config, log, { again, openDemo });
  for (const line of greeting({ config, file, warnings }, server.address)) out(line);

  /** Empty where the store does not answer: the server must be able to end all the same. */
  const active = async () => {
    const open = await server.app.unsettledRuns().catch(() => []);
    return open.filter((run) => run.status !== "Pending");
  };
  let stopThem = false;

  const interrupts = signalQueue("SIGINT");
  const hungUp = new Promise<string>((resolve) => {
    // Each is an order of its own: a configuration may be changed, and reloaded, twice in a moment.
    process.on("SIGHUP", () => {
      if (terminalClosed()) {
        resolve("SIGHUP");
        return;
      }
      // The log names the faults.
      void server.app.reload({ kind: "system", id: "SIGHUP", name: "SIGHUP" }).then(
        (answer) => out(reloadLine(answer)),
        () => out("The configuration was not reloaded; the previous one stays in force."),
      );
    });
  });
  const takenAway = server.takenAway.then((reason) => {
    log.fatal({ event: "data_taken_away" }, reason);
    out(reason);
    process.exitCode = 1;
    return undefined;
  });
  const signals = [interrupts.next(), signalQueue("SIGTERM").next(), hungUp];
  const first = await Promise.race([...signals, takenAway]);
  if (first !== undefined)
    log.info({ event: "signal_received", signal: first }, "A signal asks the server to end.");
  const running = await active();
  if (first === "SIGINT" && running.length > 0) {
    out("");
    for (const run of running) out(`Still running: ${run.name} (${run.id}, ${run.status})`);
    out("They go on, and are taken up again when the server is started on the same data folder.");
    out(`Press Ctrl-C again within ${STOP_WINDOW_MS / 1000} s to stop them.`);
    stopThem = (await Promise.race([interrupts.next(), delay(STOP_WINDOW_MS)])) === "SIGINT";
  }
  if (stopThem) {
    out("Stopping the runs.");
    await Promise.all(running.map((run) => server.app.stopRun(run.id, "the operator (Ctrl-C)")));
    while ((await active()).length > 0) await delay(100);
  }
  const closed = server.close().then(
    () => true,
    (error: unknown) => {
      log.error(
        { event: "shutdown_failed", error: messageOf(error) },
        "The server did not shut down cleanly.",
      );
      return false;
    },
  );
  const well = await Promise.race([closed, sleep(CLOSE_MS, false, { ref: false })]);
  out("Load Manager has ended.");
  const read = await Promise.race([
    Promise.all([process.stdout, process.stderr].map(isRead)),
    sleep(LAST_WORDS_MS, false, { ref: false }),
  ]);
  // Runs go on without whatever is still pending.
  if (!well || read === false) process.exit(well ? process.exitCode : 1);
};

/** What a person should read at the start. */
const greeting = (
  { config, file, warnings }: Pick<LoadedConfig, "config" | "file" | "warnings">,
  address: string,
): string[] => [
  ...warnings.map((warning) => `Warning: ${warning}`),
  ...(file === undefined ? [] : [`Configuration: ${file}`]),
  ...remarks(config),
  ...(config.store.kind === "sqlite" ? [`Data: ${config.store.dataDir}`] : []),
  ...(config.store.kind === "mongodb"
    ? [`Data: MongoDB, database ${config.mongodb.database}`]
    : []),
  `Load Manager is ready: ${address} (API ${address}/v1, docs ${address}/docs)`,
];

/** Unread output is kept up to this length; later lines are lost. */
const UNREAD_BYTES = 1 << 20;
/**
 * Writes to standard error, for people where that is a terminal, else as JSON. It never waits, so that a reader that hangs
 * delays nothing.
 */
const createLog = (level: string): Logger => {
  const write = (line: string): void => {
    if (process.stderr.writableLength >= UNREAD_BYTES) return;
    process.stderr.write(process.stderr.isTTY ? readableLine(line) : line);
  };
  // The fields of a line take precedence: only lines of libraries have no event.
  return pino({ level, mixin: () => ({ event: "library" }) }, { write });
};

const isRead = (stream: NodeJS.WriteStream): Promise<boolean> =>
  new Promise((resolve) => {
    stream.write("", () => resolve(true));
  });

const reloadLine = ({ clusters, tokens, needsRestart }: ReloadAnswer): string => {
  const changes = Object.entries(clusters)
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${what}: ${ids.join(", ")}`);
  const clusterText =
    changes.length === 0 ? "clusters as before" : `clusters ${changes.join("; ")}`;
  const later = needsRestart.length === 0 ? "" : `; needs a restart: ${needsRestart.join(", ")}`;
  return `Configuration reloaded: ${clusterText}; ${tokens} tokens${later}`;
};

/** A SIGHUP also comes when the terminal is closed, which ends a server that was started there. */
const terminalClosed = (): boolean => {
  if (!process.stdout.isTTY) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
};

const delay = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms, undefined);
  });

/** Signals as a queue: none is lost between two waits. */
const signalQueue = (signal: "SIGINT" | "SIGTERM") => {
  const waiters: ((signal: string) => void)[] = [];
  let arrived = 0;
  onSignal(signal, () => {
    const waiter = waiters.shift();
    if (waiter === undefined) arrived += 1;
    else waiter(signal);
  });
  return {
    next: (): Promise<string> => {
      if (arrived > 0) {
        arrived -= 1;
        return Promise.resolve(signal);
      }
      return new Promise((resolve) => {
        waiters.push(resolve);
      });
    },
  };
};
