import { AppError } from "../../../lib/errors.ts";
import { MODELS } from "../../../stores/model/models.ts";
import type { DescribedPorts, Stores } from "../../../stores/ports.ts";

/** The server was killed: nothing after this call happens. */
export class Killed extends Error {}

/** A fault at the n-th call of a server to its store. */
export type Disturbance = {
  readonly calls: number;
  readonly what:
    | "kill-before"
    | "kill-after"
    /** The process sleeps (SIGSTOP, a long garbage collection) until it is woken. */
    | "pause-before"
    | "pause-after"
    /** The write is done, but the answer does not arrive. */
    | "lost-reply";
};

/** One server's connection to a store that other servers use too. */
export const disturbedStores = (stores: Stores) => {
  let calls = 0;
  let next: { left: number; what: Disturbance["what"] } | undefined;
  let dead = false;
  let away = false;
  let asleep: { wake: () => void; awake: Promise<void> } | undefined;
  let onSleep: (() => void) | undefined;

  const sleep = async (): Promise<void> => {
    let wake = (): void => {};
    const awake = new Promise<void>((resolve) => {
      wake = resolve;
    });
    asleep = { wake, awake };
    onSleep?.();
    await awake;
  };

  const around = async (call: () => Promise<unknown>): Promise<unknown> => {
    if (dead) throw new Killed("killed");
    if (asleep !== undefined) await asleep.awake;
    if (away) throw new AppError("unavailable", "the store does not answer");
    calls += 1;
    if (next === undefined) return call();
    next.left -= 1;
    if (next.left > 0) return call();
    const { what } = next;
    next = undefined;
    if (what === "pause-before") await sleep();
    const result = what === "kill-before" ? undefined : await call();
    if (what === "kill-before" || what === "kill-after") {
      dead = true;
      throw new Killed("killed");
    }
    if (what === "lost-reply") throw new AppError("unavailable", "the answer was lost");
    if (what === "pause-after") await sleep();
    return result;
  };

  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => around(async () => Reflect.apply(method, target, args));
      },
    });

  const models = Object.keys(MODELS) as (keyof typeof MODELS)[];
  const described = Object.fromEntries(
    models.map((name) => [name, wrap<object>(stores[name])]),
  ) as DescribedPorts;
  return {
    stores: {
      ...stores,
      ...described,
      events: wrap(stores.events),
      leases: wrap(stores.leases),
    },
    /** The number of calls so far. */
    calls: (): number => calls,
    disturb: ({ calls: left, what }: Disturbance): void => {
      next = { left, what };
    },
    calm: (): void => {
      next = undefined;
    },
    setAway: (is: boolean): void => {
      away = is;
    },
    isAsleep: (): boolean => asleep !== undefined,
    wake: (): void => {
      asleep?.wake();
      asleep = undefined;
    },
    /** Resolves when the server falls asleep. */
    sleeping: (): Promise<void> =>
      new Promise((resolve) => {
        onSleep = resolve;
      }),
    revive: (): void => {
      next = undefined;
      dead = false;
      asleep = undefined;
    },
  };
};
