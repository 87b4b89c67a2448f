import { backupOf, newOf, readFrom } from "../state/plan.ts";
import type { State } from "../state/state.ts";
import type { Place } from "./verification.ts";

/** Older documents are under their own names, today's in `<name>__new`. */
export const placesBeforeSwap = ({ targets, stamp }: State): Place[] =>
  targets.map(({ name, sources }) => ({
    target: name,
    older: sources.map((source) => readFrom(stamp, source)),
    today: newOf(name),
  }));

/** Older documents are in the backups, today's under their own names. */
export const placesAfterSwap = ({ targets, stamp }: State): Place[] =>
  targets.map(({ name, sources }) => ({
    target: name,
    older: sources.map((source) => backupOf(source.name, stamp)),
    today: name,
  }));
