/**
 * Named moments between two lines at which a test makes the server die, sleep or fail: `LM_FAILPOINT=name:action`.
 * Without that nothing happens at any of them.
 */
export type Failpoint = (name: string) => Promise<void>;

export const noFailpoints: Failpoint = async () => {};

const ACTIONS = {
  kill: () => process.kill(process.pid, "SIGKILL"),
  /** Until somebody sends SIGCONT. */
  pause: () => process.kill(process.pid, "SIGSTOP"),
  error: () => {
    throw new Error("a failpoint was reached");
  },
  /** The event loop stands still for 20 s, as in a long collection of garbage. */
  stall: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
  },
} as const;

const isAction = (text: string | undefined): text is keyof typeof ACTIONS =>
  text !== undefined && Object.hasOwn(ACTIONS, text);

/** One failpoint, reached once. Throws for a text that is none. */
export const failpointsOf = (text: string | undefined, say: (line: string) => void): Failpoint => {
  if (text === undefined || text === "") return noFailpoints;
  const [wanted, action] = text.split(":");
  if (wanted === undefined || !isAction(action)) {
    throw new Error(`LM_FAILPOINT is name:action, with ${Object.keys(ACTIONS).join(", ")}`);
  }
  let reached = false;
  return async (name) => {
    if (reached || name !== wanted) return;
    reached = true;
    say(`failpoint ${name}: ${action}`);
    ACTIONS[action]();
    // A signal to oneself takes effect a moment later: nothing may happen in it.
    if (action === "kill") await new Promise(() => {});
    if (action === "pause") await new Promise((resolve) => setTimeout(resolve, 50));
  };
};
