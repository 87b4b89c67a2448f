import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { definedOnly } from "../../lib/defined.ts";

/** Fields that every new run is given; whatever is `undefined` stays absent. */
type Given = Pick<LoadTestRun, "id" | "name" | "locustClusterId" | "trigger" | "createdBy"> & {
  readonly actor: Actor;
  readonly scope: Scope;
  readonly loadTest: LoadTest | undefined;
  readonly runNumber: number | undefined;
  readonly status: "Pending" | "Starting";
  /** Unix ms. */
  readonly now: number;
};

/** What is resolved for the run and frozen in it. */
type Frozen = {
  readonly [
    K in
      | "scenarioId"
      | "externalKey"
      | "runGroupId"
      | "notes"
      | "metadata"
      | "targetUrl"
      | "targetUsers"
      | "spawnRate"
      | "durationSeconds"
      | "maxDurationSec"
      | "autoStop"
      | "criteria"
      | "baseline"
      | "scriptRevisionId"
      | "scriptRevisionNumber"
      | "scriptSha256"
      | "startingAt"
      | "environment"
      | "workers"
      | "userClasses"
      | "includeTags"
      | "excludeTags"
      | "endpointGroups"
      | "scriptOptions"
      | "stopTimeoutSeconds"
  ]?: LoadTestRun[K] | undefined;
} & Pick<LoadTestRun, "loadProfile"> & { readonly tags?: readonly string[] };

/** The only maker of runs. */
export const newRun = (given: Given, frozen: Frozen): LoadTestRun => {
  const { scope, loadTest, runNumber, now, actor, ...named } = given;
  const { tags = [], ...settings } = frozen;
  return {
    ...scopeOf(scope),
    ...definedOnly({ loadTestId: loadTest?.id, runNumber }),
    ...named,
    createdByActor: refOf(actor),
    ...definedOnly(settings),
    tags: [...tags],
    keep: false,
    health: "ok",
    verdict: "none",
    fence: 0,
    createdAt: now,
    updatedAt: now,
    updatedBy: given.createdBy,
    version: 1,
  };
};
