import type { Stores } from "../../stores/ports.ts";

/** The server was killed: nothing after this happened. */
export class Killed extends Error {}

/** The same stores; the n-th write from now kills the server before or after it. */
export const crashingStores = (stores: Stores) => {
  let countdown: { left: number; after: boolean } | undefined;
  let dead = false;
  const around = async (write: () => Promise<unknown>): Promise<unknown> => {
    if (dead) throw new Killed("killed");
    if (countdown === undefined) return write();
    countdown.left -= 1;
    if (countdown.left > 0) return write();
    const { after } = countdown;
    if (after) await write();
    dead = true;
    throw new Killed("killed");
  };
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => around(async () => Reflect.apply(method, target, args));
      },
    });
  return {
    stores: {
      ...stores,
      loadTests: wrap(stores.loadTests),
      runs: wrap(stores.runs),
      events: wrap(stores.events),
      leases: wrap(stores.leases),
    },
    killAfter: (calls: number, after: boolean): void => {
      countdown = { left: calls, after };
    },
    revive: (): void => {
      countdown = undefined;
      dead = false;
    },
  };
};
