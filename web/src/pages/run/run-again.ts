import type { CreateRun, RunAnswer } from "@load-manager/contract/api/run.ts";
import { definedOnly } from "../../lib/values.ts";

/** What the load profile leaves to the request. */
const loadOf = ({ loadProfile, targetUsers, spawnRate, durationSeconds }: RunAnswer) => {
  switch (loadProfile.kind) {
    case "constant":
      return { targetUsers, spawnRate, durationSeconds };
    case "script":
      return { durationSeconds };
    case "stages":
      return {};
  }
};

/**
 * A new run with the settings of this one, whatever the load test says now. A hidden value is the load test's, since nobody is
 * shown the run's.
 */
export const againBodyOf = (run: RunAnswer): Partial<CreateRun> => {
  const { loadProfile, targetUrl, scriptRevisionId, tags, autoStop, stopTimeoutSeconds } = run;
  const { environment, scriptOptions, workers } = run;
  return definedOnly({
    loadProfile,
    ...loadOf(run),
    targetUrl,
    scriptRevisionId,
    tags: [...tags],
    autoStop,
    stopTimeoutSeconds,
    // An empty list asks for none of those that the load test has by now.
    userClasses: run.userClasses ?? [],
    includeTags: run.includeTags ?? [],
    excludeTags: run.excludeTags ?? [],
    endpointGroups: run.endpointGroups ?? [],
    environment,
    scriptOptions,
    workers,
    criteria: run.criteria ?? [],
  }) as Partial<CreateRun>;
};
