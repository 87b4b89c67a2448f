import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ScriptCheck } from "@load-manager/contract/api/script.ts";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { client, messageOf } from "../../api/client.ts";

const FRESH_MS = 60_000;

/** What the newest revision defines. The settings of the load test have their part in it: its cluster and its variables. */
const outlineQuery = ({ id, version, latestRevision }: LoadTestAnswer) =>
  queryOptions({
    queryKey: ["scriptOutline", id, latestRevision?.id, version],
    queryFn: ({ signal }) => client.checkScript({ body: { loadTestId: id }, signal }),
    // Packages may be installed meanwhile.
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });

type Problem = ScriptCheck["errors"][number];

const placeOf = ({ file, line }: Problem): string =>
  line === undefined ? file : `${file}, line ${line}`;

const OWN_SCRIPT = "The cluster’s own script runs, which the server does not have.";

/** Why nothing is known of the script. */
const reasonOf = (check: ScriptCheck): string => {
  const [problem] = check.errors;
  return problem === undefined
    ? (check.notImportedReason ?? "The script was not imported.")
    : `The script cannot be imported: ${placeOf(problem)}: ${problem.message}`;
};

export type Outline = {
  /** What the script defines; absent while that is not known. */
  readonly known: ScriptCheck | undefined;
  /** Why it is not known, in a sentence; absent while the server is asked. */
  readonly reason: string | undefined;
  readonly problems: readonly Problem[];
};

const NO_PROBLEMS: readonly Problem[] = [];

/** What the newest revision of the script defines; asked for by the first that needs it, and in nobody's way. */
export const useOutline = (loadTest: LoadTestAnswer): Outline => {
  const hasScript = loadTest.latestRevision !== undefined;
  const { data, error } = useQuery({ ...outlineQuery(loadTest), enabled: hasScript });
  if (!hasScript) return { known: undefined, reason: OWN_SCRIPT, problems: NO_PROBLEMS };
  if (data === undefined)
    return {
      known: undefined,
      reason:
        error === null ? undefined : `What the script defines is not known: ${messageOf(error)}`,
      problems: NO_PROBLEMS,
    };
  return data.imported
    ? { known: data, reason: undefined, problems: data.errors }
    : { known: undefined, reason: reasonOf(data), problems: data.errors };
};
