import type { StopCause } from "@load-manager/contract/locust.ts";
import type { EndCause, StatusReason } from "@load-manager/contract/run.ts";
import type { LoadState } from "../../clusters/port.ts";
import type { RequestWindow } from "./auto-stop.ts";
import type { HealthAction } from "./health.ts";

/** What the loop remembers between two looks; losing it (a restart) only makes it more patient. */
export type Facts = {
  /** Unix milliseconds. */
  readonly now: number;
  /** For how long this server has queried after the run. Nobody waited for anything while no server did. */
  readonly watchedForMs: number;
  /** For how long every look has ended in `unreachable` and no figures have arrived; 0 where the last one did not. */
  readonly unreachableForMs: number;
  /** For how long what was seen has been the end of the load (ended, dead or nothing). */
  readonly endSeenForMs: number;
  /** Since a stop was last sent; infinite where none was. */
  readonly stopSentAgoMs: number;
  /** Since this server sent the first one; infinite where it sent none. */
  readonly firstStopAgoMs: number;
  /** Every master process that reported has handed in its final figures. */
  readonly finalsIn: boolean;
  /** Why load ended, from the last figures. */
  readonly stopCause?: StopCause | undefined;
  /** Requests in the figures that have arrived; proof of load where Locust cannot be asked. */
  readonly requestsSeen: number;
  /** For how long no request has been completed; 0 where one was since the last look, or nothing is known. */
  readonly stalledForMs: number;
  /** The newest figures over `autoStop.windowSeconds`, where they are whole. */
  readonly window?: RequestWindow | undefined;
  /** Why figures cannot be stored or read. */
  readonly metricsError?: string | undefined;
};

/** The next state with its cause. The loop adds times. */
export type Become =
  | {
      readonly do: "become";
      readonly status: "Running";
      readonly startedAt: number;
      readonly load?: LoadState;
    }
  | {
      readonly do: "become";
      readonly status: "Stopping";
      readonly endCause: EndCause;
      readonly reason: StatusReason;
      readonly startedAt?: number;
    }
  | {
      readonly do: "become";
      readonly status: "Finished" | "Stopped" | "Failed";
      readonly reason: StatusReason;
      readonly finishedAt: number;
    };

export type Action =
  | Become
  | { readonly do: "prepare" | "start" | "stop" | "kill" }
  | { readonly do: "setUsers"; readonly targetUsers: number; readonly spawnRate: number }
  | HealthAction;
