import { createInterface } from "node:readline/promises";
import { onSignal } from "@load-manager/server/lib/signals.ts";
import type { Wish } from "./watch.ts";

export type Interrupts = ReturnType<typeof listenForInterrupts>;

/**
 * Ctrl-C asks what is wanted where somebody can answer; a second one detaches. Elsewhere a signal stops the run, so that a
 * pipeline that is cancelled leaves no load. `mayDetach`: false where the run ends with the command.
 */
export const listenForInterrupts = (mayDetach: boolean) => {
  let wish: Wish | undefined;
  let asking: AbortController | undefined;
  let isQuiet = false;
  const ask = async (): Promise<void> => {
    asking = new AbortController();
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const choices = mayDetach
        ? "[s]top the run, [d]etach, or go [o]n? "
        : "[s]top the run, or go [o]n? ";
      const typed = await lines.question(`\n${choices}`, { signal: asking.signal });
      if (/^s/i.test(typed.trim())) wish = "stop";
      else if (mayDetach && /^d/i.test(typed.trim())) wish = "detach";
    } catch {
      // A second Ctrl-C.
      wish = mayDetach ? "detach" : "stop";
    } finally {
      lines.close();
      asking = undefined;
    }
  };
  const interrupted = (): void => {
    if (isQuiet) return;
    if (asking !== undefined) asking.abort();
    else if (process.stdin.isTTY) void ask();
    else wish = "stop";
  };
  const releases = (["SIGINT", "SIGTERM"] as const).map((signal) => onSignal(signal, interrupted));
  return {
    wish: (): Wish | undefined => wish,
    /** From now on signals are ignored: what they could end is being ended. */
    quiet: (): void => {
      isQuiet = true;
      asking?.abort();
    },
    release: (): void => {
      for (const release of releases) release();
    },
  };
};
