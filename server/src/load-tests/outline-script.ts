import type { CheckScriptQuery, ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import type { ScriptOutlined } from "../clusters/port.ts";
import { selectCluster } from "../clusters/select-cluster.ts";
import { AppError } from "../lib/errors.ts";
import { NO_USER_CLASS } from "./check-script.ts";
import type { LoadTestDeps } from "./deps.ts";
import type { ScriptSource } from "./script-source.ts";

type Script = Pick<ScriptSource, "entrypoint" | "files">;

/** Where a script would run. */
export type Place = {
  readonly scope: Scope;
  readonly locustClusterId?: string | undefined;
  readonly environment?: LoadTest["environment"];
};

const NOWHERE = "The request names no load test and no scope, so that no cluster is known.";
const NOT_ALLOWED =
  "Your role may not run it there: that needs the permission runs.start, and scripts.write for a script in the request.";
const NOTHING = { userClasses: [], shapeClasses: [], options: [], tags: [] };

/** `named`: by the request, beside the script. */
export const placeOf = (
  named: CheckScriptQuery,
  loadTest: LoadTest | undefined,
): Place | undefined => {
  if (loadTest !== undefined) return { ...loadTest, scope: loadTest };
  const { accountId, orgId, projectId, envId, locustClusterId } = named;
  // The contract refuses a part of a scope.
  if (accountId === undefined || orgId === undefined || projectId === undefined) return undefined;
  return { scope: { accountId, orgId, projectId, envId }, locustClusterId };
};

/** What a script defines, where it would run. Never rejects. */
export const outlineAt = async (
  { clusters, outline }: Pick<LoadTestDeps, "clusters" | "outline">,
  { scope, locustClusterId, environment }: Place,
  { entrypoint, files }: Script,
): Promise<ScriptOutlined> => {
  try {
    const cluster = selectCluster(clusters(), scope, locustClusterId);
    return await outline(cluster, { entrypoint, files }, environment);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { problems: [], why: error.message };
  }
};

/** The warnings of the text, corrected by what the import has seen: whether there is a User class is known then. */
const seen = (
  warnings: readonly ScriptProblem[],
  { entrypoint: file }: Script,
  userClasses: readonly unknown[],
): ScriptProblem[] => [
  ...warnings.filter(({ message }) => message !== NO_USER_CLASS),
  ...(userClasses.length > 0 ? [] : [{ file, message: NO_USER_CLASS }]),
];

/** Compiles a script and, where the caller may run it, imports it. */
export const checkedScript = async (
  deps: Pick<LoadTestDeps, "clusters" | "outline" | "checkScript">,
  script: Script,
  place: Place | undefined,
  mayRun: boolean,
) => {
  const { errors, warnings } = await deps.checkScript(script);
  const notImported = (reason: string, problems: readonly ScriptProblem[] = []) => ({
    ok: errors.length + problems.length === 0,
    errors: [...errors, ...problems],
    warnings,
    ...NOTHING,
    imported: false,
    notImportedReason: reason,
  });
  if (errors.length > 0) return notImported("The script does not compile.");
  if (place === undefined) return notImported(NOWHERE);
  if (!mayRun) return notImported(NOT_ALLOWED);
  const { problems, found, why } = await outlineAt(deps, place, script);
  if (found === undefined) return notImported(why ?? "", problems);
  const { locustOptions: _, ...shown } = found;
  const ok = problems.length === 0;
  return {
    ok,
    errors: [...problems],
    warnings: seen(warnings, script, found.userClasses),
    ...shown,
    imported: true,
  };
};
