import type { LoadTestRun } from "@load-manager/contract/model/run.ts";

/**
 * The master process that works on the run: the one that was sent the start, or the one that registered the external
 * run, whose key is `<masterInstanceId>:<number of the start>`. `undefined` where none is known.
 */
export const masterInstanceOf = (
  run: Pick<LoadTestRun, "startSent" | "externalKey">,
): string | undefined => run.startSent?.masterInstanceId ?? run.externalKey?.split(":")[0];

/** The key with which the plugin registers an external run. */
const PLUGIN_KEY = /^[0-9a-f]{32}:\d+$/;

/** Whether the plugin sends the metrics of the run. */
export const hasPlugin = (run: Pick<LoadTestRun, "startSent" | "externalKey">): boolean =>
  run.startSent?.masterInstanceId !== undefined || PLUGIN_KEY.test(run.externalKey ?? "");
