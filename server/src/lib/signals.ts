import { setTimeout as sleep } from "node:timers/promises";

/** One Ctrl-C may come several times at once: from the terminal, and from launchers that pass it on. */
const SAME_MS = 200;

/** Calls the handler for each signal, once for those that come at once. Returns what ends this. */
export const onSignal = (signal: NodeJS.Signals, handler: () => void): (() => void) => {
  let isSame = false;
  const listener = (): void => {
    if (isSame) return;
    isSame = true;
    void sleep(SAME_MS, undefined, { ref: false }).then(() => (isSame = false));
    handler();
  };
  process.on(signal, listener);
  return () => process.off(signal, listener);
};
