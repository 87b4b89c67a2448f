import { isSameScope } from "@load-manager/contract/model/scope.ts";
import type { Access } from "../../auth/access.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Streams } from "../../stream/streams.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

const seeSame = ({ visible: one }: Access, { visible: other }: Access): boolean =>
  one.length === other.length &&
  one.every((scope, index) => isSameScope(scope, other[index] ?? {}));

/** Live streams: of a run, and of what changes. */
export const streamHandlers = ({
  runs,
  streams,
}: {
  readonly runs: RunReader;
  readonly streams: Streams;
}): Pick<Handlers, "streamRun" | "streamChanges"> => ({
  streamRun: async ({ params, query, access, lastEventId }) => {
    const run = await visibleRunOf(runs, access, params.runId);
    const stream = streams.reader(run, lastEventId ?? query.lastEventId);
    return { stream, isAllowed: (now) => now.canSee(run) };
  },
  streamChanges: async ({ query, access, lastEventId }) => {
    const run = query.run === undefined ? undefined : await visibleRunOf(runs, access, query.run);
    const from = run === undefined ? undefined : (lastEventId ?? query.lastEventId);
    return {
      stream: streams.changesReader(access.visible, run, from),
      // With other scopes it would have to begin anew.
      isAllowed: (now) => seeSame(now, access),
    };
  },
});
