import type { CreateRun } from "@load-manager/contract/api/run.ts";
import { Stages } from "@load-manager/contract/api/settings.ts";
import { durationOfStages, type LoadProfile } from "@load-manager/contract/model/load-profile.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { usable } from "../../lib/usable.ts";
import { AppError, invalid } from "../../lib/errors.ts";

type Limits = { readonly maxDurationSeconds: number };
type Load = Pick<LoadTestRun, "loadProfile"> & {
  readonly [K in "targetUsers" | "spawnRate" | "durationSeconds" | "maxDurationSec"]?:
    | LoadTestRun[K]
    | undefined;
};

/** What the profiles other than constant decide by themselves, with who decides it. */
const DECIDED = {
  script: { fields: ["targetUsers", "spawnRate"], by: "the script's LoadTestShape decides" },
  stages: { fields: ["targetUsers", "spawnRate", "durationSeconds"], by: "its stages decide" },
} as const;

const assertLeftToProfile = (
  { kind }: Exclude<LoadProfile, { readonly kind: "constant" }>,
  input: CreateRun,
): void => {
  const { fields, by } = DECIDED[kind];
  const faults = fields
    .filter((field) => input[field] !== undefined)
    .map((field) => ({
      field,
      message: `cannot be set with the load profile ${kind}: ${by}; leave it out, or set loadProfile to { "kind": "constant" }`,
    }));
  if (faults.length === 0) return;
  const detail = faults.map(({ field, message }) => `${field} ${message}.`).join(" ");
  throw new AppError("validation", detail, { fields: faults });
};

/** `maxDurationSec` limits every run; a run without a duration ends there. */
const limited = (
  { maxDurationSeconds }: Limits,
  loadTest: LoadTest,
  durationSeconds: number | undefined,
  field: string,
) => {
  const maxDurationSec = loadTest.maxDurationSec ?? maxDurationSeconds;
  if (durationSeconds !== undefined && durationSeconds > maxDurationSec) {
    const where =
      loadTest.maxDurationSec === undefined
        ? "orchestrator.maxDurationSeconds; set the load test's maxDurationSec to allow more"
        : "the load test's maxDurationSec";
    const what = field === "durationSeconds" ? "must be" : `last ${durationSeconds} s; must be`;
    throw invalid(field, `${what} at most ${maxDurationSec}, which is ${where}`);
  }
  return { durationSeconds, maxDurationSec };
};

/**
 * Users, spawn rate and time limits of a new run by its load profile: its own, else the load test's. The defaults of the load test are those of
 * the profile constant. Throws AppError validation that names each field which the profile decides.
 */
export const loadOfRun = (limits: Limits, loadTest: LoadTest, input: CreateRun): Load => {
  const loadProfile = input.loadProfile ?? loadTest.loadProfile;
  switch (loadProfile.kind) {
    case "constant": {
      const duration = input.durationSeconds ?? loadTest.defaultDurationSec;
      return {
        loadProfile,
        targetUsers: input.targetUsers ?? loadTest.defaultUsers,
        spawnRate: input.spawnRate ?? loadTest.defaultSpawnRate,
        ...limited(limits, loadTest, duration, "durationSeconds"),
      };
    }
    case "script":
      assertLeftToProfile(loadProfile, input);
      return {
        loadProfile,
        ...limited(limits, loadTest, input.durationSeconds, "durationSeconds"),
      };
    case "stages": {
      assertLeftToProfile(loadProfile, input);
      const stages = usable(Stages, loadProfile.stages, "loadProfile.stages");
      if (stages === undefined) throw invalid("loadProfile.stages", "must have at least one stage");
      return {
        loadProfile: { kind: "stages", stages },
        ...limited(limits, loadTest, durationOfStages(stages), "loadProfile.stages"),
      };
    }
  }
};
