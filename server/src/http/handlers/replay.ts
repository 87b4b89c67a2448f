import { Scope } from "@load-manager/contract/model/primitives.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { CheckAccess } from "../bind.ts";
import { visibleLoadTest } from "./load-tests.ts";
import { visibleRunOf } from "./runs.ts";

/** Whether a caller may have the stored answer of its request: what the request names decides, as in its handler. */
export const replayCheck = (deps: {
  readonly loadTests: Pick<LoadTestStore, "get">;
  readonly runs: RunReader;
}): CheckAccess => {
  const idOf = (params: unknown, name: string): string | undefined =>
    new Map<string, unknown>(Object.entries(params ?? {})).get(name) as string | undefined;
  return async ({ params, body, access }) => {
    const [runId, loadTestId] = [idOf(params, "runId"), idOf(params, "loadTestId")];
    const scope = Scope.safeParse(body);
    if (runId !== undefined) await visibleRunOf(deps.runs, access, runId);
    else if (loadTestId !== undefined) await visibleLoadTest(deps.loadTests, access, loadTestId);
    else if (scope.success) access.check(scope.data, "project", scope.data.projectId);
    else access.checkAnywhere();
  };
};
