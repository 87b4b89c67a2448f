import { setTimeout as sleep } from "node:timers/promises";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import {
  type Client,
  ProblemError,
  UnreachableError,
} from "@load-manager/contract/api/http-client.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { refusalOf } from "../remote/remote.ts";
import { liveLine, type Terminal } from "../terminal/screen.ts";

const POLL_MS = 1000;
const AGAIN_MS = 2000;

/** What did not reach the server, or did not come back, may be asked for again. */
const isAway = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500);

/** What the person at the terminal wants: `stop` ends the run, `detach` leaves it alone. */
export type Wish = "stop" | "detach";

type Watched = {
  readonly terminal: Terminal;
  /** Asked again and again: what a signal has led to. */
  readonly wish: () => Wish | undefined;
};

const secondsOf = ({ loadStartedAt, loadEndedAt }: RunAnswer): number =>
  loadStartedAt === undefined ? 0 : ((loadEndedAt ?? Date.now()) - loadStartedAt) / 1000;

/**
 * Shows a run until it is settled; a server that is away is asked again, however long it takes. `undefined` where the person
 * has detached. Rejects with AppError where the server refuses.
 */
export const watchRun = async (
  client: Client,
  runId: string,
  { terminal, wish }: Watched,
): Promise<RunAnswer | undefined> => {
  const line = liveLine(terminal, Date.now);
  const params = { runId };
  let isLost = false;
  let isStopping = false;
  let reason = "";
  const say = (text: string): void => {
    line.done();
    terminal.write(`${text}\n`);
  };
  for (;;) {
    if (wish() === "detach") {
      line.done();
      return undefined;
    }
    try {
      if (wish() === "stop" && !isStopping) {
        isStopping = true;
        say("Stopping the run …");
        await client.stopRun({ params, body: { reason: "stopped at the command line" } });
      }
      const run = await client.getRun({ params });
      if (isLost) say("The server answers again.");
      isLost = false;
      if (isTerminal(run.status) && run.settledAt !== undefined) {
        line.done();
        return run;
      }
      const waits = run.status === "Pending" ? (run.statusReason?.message ?? "") : "";
      if (waits !== "" && waits !== reason) say(waits);
      reason = waits;
      const { status, durationSeconds: total, lastMetrics: metrics } = run;
      line.show({ status, elapsed: secondsOf(run), total, metrics });
      await sleep(POLL_MS);
    } catch (error) {
      if (!isAway(error)) throw refusalOf(error);
      if (!isLost) say("The server does not answer; the run goes on. Trying again …");
      isLost = true;
      await sleep(AGAIN_MS);
    }
  }
};
