import { changedFields, type SettingsDraft } from "../load-tests/load-test-draft.ts";

/** The fields as the form calls them. */
export const WORDS: Readonly<Record<keyof SettingsDraft, string>> = {
  name: "the name",
  description: "the description",
  tags: "the tags",
  targetUrl: "the target URL",
  locustClusterId: "the cluster",
  defaultUsers: "the default users",
  defaultSpawnRate: "the default spawn rate",
  defaultDurationSec: "the default duration",
  maxDurationSec: "the longest duration",
  stopTimeoutSeconds: "the stop timeout",
  autoStop: "auto-stop",
  failedPercent: "auto-stop’s share of failures",
  windowSeconds: "auto-stop’s window",
  minRequests: "auto-stop’s least requests",
  baseline: "the baseline",
  baselineRuns: "the runs of the baseline",
  baselineRunId: "the run of the baseline",
  profile: "the load profile",
  stages: "the stages",
  userClasses: "the User classes",
  includeTags: "the tags that run",
  excludeTags: "the tags that do not run",
  scriptOptions: "the script’s options",
  environment: "the environment variables",
  workers: "the workers",
  criteria: "the criteria",
};

/** What I have changed since `before`, laid over what somebody else has saved meanwhile. */
export const mergeDrafts = (
  before: SettingsDraft,
  mine: SettingsDraft,
  theirs: SettingsDraft,
): SettingsDraft => {
  const changed = new Set(changedFields(before, mine));
  return Object.fromEntries(
    Object.entries(theirs).map(([name, value]) => [
      name,
      changed.has(name) ? mine[name as keyof SettingsDraft] : value,
    ]),
  ) as SettingsDraft;
};
