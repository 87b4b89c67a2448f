import type { EventType } from "@load-manager/contract/model/reasons.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { Page } from "./collection.ts";

/** An event that the server records itself. The type of a plugin's event is any text, since the plugin may be newer. */
export type ServerEvent = RunEvent & { readonly id: string; readonly type: EventType };

export type RunEventStore = {
  /** `id` makes it idempotent: the same id twice is stored once. */
  readonly append: (
    runId: string,
    events: readonly (RunEvent & { readonly id: string })[],
  ) => Promise<void>;
  /** Oldest first by (at, order of arrival). */
  readonly list: (
    runId: string,
    paging: { readonly limit: number; readonly cursor?: string | undefined },
  ) => Promise<Page<RunEvent>>;
  /** Events that arrived after a number (0: all), in the order of arrival: for followers. */
  readonly after: (
    runId: string,
    arrival: number,
    limit: number,
  ) => Promise<{ readonly arrival: number; readonly event: RunEvent }[]>;
  readonly deleteRun: (runId: string) => Promise<void>;
};
