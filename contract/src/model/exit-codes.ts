/** How a command of the CLI ends that waits for a run or asks a server. `docs/cli.md` explains them. */
export const EXIT_CODES = {
  /** The run's verdict is passed, or it has no criteria. */
  passed: 0,
  /** A wrong use of the command, a configuration that cannot be read, no Locust for a run without a server, or a request that the server refuses. */
  usage: 1,
  failed: 2,
  inconclusive: 3,
  /** Stopped by a person, by the script or by auto-stop, before its end. */
  stopped: 4,
  couldNotRun: 5,
  /** The run waited for its cluster longer than the server lets it. */
  queueTimeout: 6,
  /** The server does not take the token, or the token's role is not enough. */
  notAllowed: 7,
  unreachable: 8,
} as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
