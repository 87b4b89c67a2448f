/**
 * Named points in the code at which a test kills, suspends or fails the server: `LM_FAILPOINT=name:action`. Without the
 * variable they do nothing.
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
  /** Blocks the event loop for 20 s, as a long garbage collection does. */
  stall: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
  },
} as const;

const isAction = (text: string | undefined): text is keyof typeof ACTIONS =>
  text !== undefined && Object.hasOwn(ACTIONS, text);

/** Parses one failpoint, which acts once. Throws for an invalid text. */
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
    // A signal to the own process takes effect with a delay; the code must not continue meanwhile.
    if (action === "kill") await new Promise(() => {});
    if (action === "pause") await new Promise((resolve) => setTimeout(resolve, 50));
  };
};
