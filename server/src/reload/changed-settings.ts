import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/load-config.ts";

/** What a running server takes over. Every other setting needs a restart, so that a new one is never missed silently. */
const TAKEN_OVER = new Set([
  "locustClusters",
  "defaultCluster",
  "security.apiToken",
  "security.apiTokens",
  "security.locustCallbackToken",
]);

/** name → value of each setting; those of a section as `section.key`. */
const settingsOf = (config: Config): Map<string, unknown> =>
  new Map(
    Object.entries(config).flatMap(([name, value]): [string, unknown][] =>
      typeof value === "object" && !Array.isArray(value)
        ? Object.entries(value).map(([key, one]) => [`${name}.${key}`, one])
        : [[name, value]],
    ),
  );

/** Settings that a running server cannot take over, by name. */
export const changedSettings = (before: Config, after: Config): string[] => {
  const [old, next] = [settingsOf(before), settingsOf(after)];
  return [...new Set([...old.keys(), ...next.keys()])].filter(
    (name) => !TAKEN_OVER.has(name) && !isDeepStrictEqual(old.get(name), next.get(name)),
  );
};
