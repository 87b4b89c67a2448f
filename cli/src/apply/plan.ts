import type { Client } from "@load-manager/contract/api/http-client.ts";
import { CreateLoadTest, type LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { type Fault, faultsOf } from "@load-manager/server/config/problems.ts";
import { withStoredValues } from "@load-manager/server/lib/environment.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { assertDuration, longestLoad } from "@load-manager/server/lib/load-durations.ts";
import { loadTestsIn } from "../remote/load-test.ts";
import { answered } from "../remote/remote.ts";
import { compared, type Comparison } from "./changes.ts";
import {
  checkedScript,
  newestRevision,
  type ScriptChange,
  scriptChangeOf,
} from "./script-change.ts";
import { assertNoFaults, type LoadTestEntry, type Settings, type TestsFile } from "./tests-file.ts";

/** What has to be done for one load test of the file. */
export type Planned = Comparison & {
  readonly entry: LoadTestEntry;
  /** The load test of its name; `undefined` where it has to be created. */
  readonly known: LoadTestAnswer | undefined;
  readonly script: ScriptChange | undefined;
  readonly warnings: readonly string[];
};

/** The fields that are set; those that null clears are not. */
export const setFields = (settings: Settings) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value != null));

/** The faults that a check of the server's own rules throws. */
const thrownFaults = ({ path }: LoadTestEntry, check: () => void): Fault[] => {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.fields.map(({ field, message }) => ({
      path: [...path, ...field.split(".")],
      message,
    }));
  }
};

const HIDING = ["environment", "scriptOptions"] as const;

/** The faults of the settings beside those that the server keeps. */
const settingFaults = async (
  client: Client,
  entry: LoadTestEntry,
  known: LoadTestAnswer | undefined,
): Promise<Fault[]> => {
  const { path, settings } = entry;
  const kept = Object.entries({ loadProfile: { kind: "constant" }, ...known, ...settings });
  const all = Object.fromEntries(kept.filter(([, value]) => value !== null));
  const timed = all as Parameters<typeof assertDuration>[0];
  const faults = [
    ...thrownFaults(entry, () => assertDuration(timed)),
    ...HIDING.flatMap((field) =>
      thrownFaults(entry, () => {
        const wanted: Readonly<Record<string, unknown>> = settings[field] ?? {};
        withStoredValues(field, wanted, known?.[field]);
      }),
    ),
  ];
  const expressions = (settings.criteria ?? []).map(({ expression }) => expression);
  if (expressions.length === 0) return faults;
  const durationSeconds = longestLoad(timed);
  const body = { expressions, ...(durationSeconds === undefined ? {} : { durationSeconds }) };
  const { items } = await answered(client.checkCriteria({ body }));
  const ofCriteria = items.flatMap(({ fault }, index) =>
    fault === undefined
      ? []
      : [
          {
            path: [...path, "criteria", index, "expression"],
            message: `column ${fault.column}: ${fault.message}`,
          },
        ],
  );
  return [...faults, ...ofCriteria];
};

const identityFaults = (
  { path, name, settings }: LoadTestEntry,
  scope: Scope,
  found: readonly LoadTestAnswer[],
): Fault[] => {
  if (found.length === 0) {
    const made = { ...scope, name, ...setFields(settings) };
    const { error } = CreateLoadTest.safeParse(made, { reportInput: true });
    const faults = faultsOf(CreateLoadTest, error?.issues ?? []);
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  }
  if (found.length === 1) return [];
  const ids = found.map(({ id }) => id).join(" and ");
  const message = `is the name of ${found.length} load tests of the server, ${ids}; rename or delete all but one`;
  return [{ path: [...path, "name"], message }];
};

/**
 * Compares the file with the server and checks all of it; nothing is written. Throws AppError validation with a line for each
 * fault.
 */
export const planOf = async (client: Client, file: TestsFile): Promise<Planned[]> => {
  const all = await loadTestsIn(client, file.scope);
  const faults: Fault[] = [];
  const planned: Planned[] = [];
  for (const entry of file.entries) {
    const found = all.filter(({ name }) => name === entry.name);
    const [known] = found;
    faults.push(...identityFaults(entry, file.scope, found));
    faults.push(...(await settingFaults(client, entry, known)));
    const { script } = entry;
    const change = script && scriptChangeOf(script, await newestRevision(client, known));
    const checked =
      script === undefined || change === undefined
        ? { faults: [], warnings: [] }
        : await checkedScript(client, { ...entry, script });
    faults.push(...checked.faults);
    const { warnings } = checked;
    planned.push({ entry, known, script: change, warnings, ...compared(known, entry.settings) });
  }
  assertNoFaults(faults, file);
  return planned;
};
