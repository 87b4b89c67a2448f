const SLOTS = 3;
const RETRY_MS = 5000;

/** Takes a free slot and keeps it until `release` resolves. → whether it had one */
const keepSlot = (name: string, work: () => Promise<void>): Promise<boolean> =>
  navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await work();
    return true;
  });

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * Lets `work` run while this tab has one of three slots, which all tabs of the server share: a browser has six connections to
 * a server, and a stream keeps one. Tries again every 5 s while other tabs have them. Without locks (plain http on
 * a name) there is no slot.
 */
export const inSlot = async (signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
  if (!("locks" in navigator)) return;
  while (!signal.aborted) {
    for (let slot = 0; slot < SLOTS && !signal.aborted; slot += 1) {
      if (await keepSlot(`load-manager stream ${slot}`, work)) break;
    }
    await pause(RETRY_MS, signal);
  }
};
