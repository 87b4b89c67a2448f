import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { AppError } from "../lib/errors.ts";
import type { ClusterConfig } from "./select-cluster.ts";

type Settings = { readonly [K in "environment"]?: LoadTestRun[K] | undefined };

/** Settings that only a process which Load Manager starts can be given, with what to do elsewhere. */
const ONLY_LOCAL = {
  environment: "set the variables where it is started",
} as const satisfies Partial<Record<keyof Settings, string>>;

/** Throws AppError validation that names each setting which the cluster cannot honour, with the reason. */
export const assertHonoured = (cluster: ClusterConfig, settings: Settings): void => {
  if (cluster.kind === "local") return;
  const fields = (Object.keys(ONLY_LOCAL) as (keyof typeof ONLY_LOCAL)[])
    .filter((field) => settings[field] !== undefined)
    .map((field) => ({
      field,
      message: `cannot be set on the cluster ${cluster.id}: Load Manager does not start that Locust; ${ONLY_LOCAL[field]}`,
    }));
  if (fields.length === 0) return;
  const detail = fields.map(({ field, message }) => `${field} ${message}.`).join(" ");
  throw new AppError("validation", detail, { fields });
};
