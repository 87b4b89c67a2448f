import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CreateLoadTest, UpdateLoadTest } from "@load-manager/contract/api/load-test.ts";
import { Scope } from "@load-manager/contract/model/primitives.ts";
import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import { type Fault, faultsError, faultsOf } from "@load-manager/server/config/problems.ts";
import { yamlSource } from "@load-manager/server/config/sources.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { z } from "zod";
import { readScript } from "../tests/local-files.ts";
import { localScriptOf } from "../tests/local-script.ts";

export const TESTS_FILE = "load-manager.tests.yaml";

const Text = z.string({ error: "must be text" }).min(1, "must not be empty");

/** A load test of the file: the settings of a change by the API, so that nothing but a change of the contract changes them. */
const Entry = UpdateLoadTest.omit({ updatedBy: true }).extend({
  name: CreateLoadTest.shape.name,
  script: Text.optional(),
  entrypoint: Text.optional(),
});
const Content = z.strictObject({ ...Scope.partial().shape, loadTests: z.array(Entry) });

/** The fields that a load test of the file names; null clears one. */
export type Settings = Omit<z.output<typeof Entry>, "name" | "script" | "entrypoint">;

export type Script = {
  /** As the file names it. */
  readonly path: string;
  readonly entrypoint: string;
  readonly files: ReadonlyMap<string, Buffer>;
};

export type LoadTestEntry = {
  /** Where it is in the file, for faults. */
  readonly path: readonly PropertyKey[];
  readonly name: string;
  readonly settings: Settings;
  readonly script: Script | undefined;
};

export type TestsFile = {
  readonly scope: Scope;
  readonly entries: readonly LoadTestEntry[];
  /** `load-manager.tests.yaml:3:5` of a part of the file. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
};

/** Throws AppError validation with a line for each fault, where there are any. */
export const assertNoFaults = (
  faults: readonly Fault[],
  { placeOf }: Pick<TestsFile, "placeOf">,
): void => {
  if (faults.length > 0) throw faultsError(faults, placeOf);
};

/** A placeholder gives text, also where a field is a number. */
const asNumber = (field: string, value: unknown): unknown => {
  const schema: z.ZodType | undefined = Entry.shape[field as keyof typeof Entry.shape];
  const isNumber =
    typeof value === "string" &&
    /^\d+(\.\d+)?$/.test(value) &&
    schema !== undefined &&
    !schema.safeParse(value).success &&
    schema.safeParse(Number(value)).success;
  return isNumber ? Number(value) : value;
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A load test as the API takes it: a criterion may be its expression alone. */
const asSent = (entry: unknown): unknown => {
  if (!isMap(entry)) return entry;
  const fields = Object.entries(entry).map(([field, value]) => [field, asNumber(field, value)]);
  const { criteria } = entry;
  return {
    ...(Object.fromEntries(fields) as object),
    ...(Array.isArray(criteria)
      ? { criteria: criteria.map((one) => (typeof one === "string" ? { expression: one } : one)) }
      : {}),
  };
};

/** The server takes no such files out of an archive. */
const isLeftOut = (path: string): boolean =>
  path.startsWith("__MACOSX/") || /(?:^|\/)\.DS_Store$/.test(path);

const inFolder = (path: string, folder: string, entrypoint = DEFAULT_ENTRYPOINT): Script => {
  const files = new Map([...readScript(folder)].filter(([name]) => !isLeftOut(name)));
  if (files.has(entrypoint)) return { path, entrypoint, files };
  const detail = `has no ${entrypoint}; entrypoint names the file that Locust runs`;
  throw new AppError("validation", detail);
};

/** Throws AppError validation; its message continues a sentence that begins with the field's name. */
const scriptAt = (path: string, folder: string, entrypoint: string | undefined): Script => {
  const full = resolve(folder, path);
  if (!existsSync(full)) throw new AppError("validation", `is no file and no folder: ${full}`);
  if (!statSync(full).isFile()) return inFolder(path, full, entrypoint);
  if (entrypoint !== undefined) {
    throw new AppError("validation", "is a file, which has no entrypoint; leave that out");
  }
  return { path, ...localScriptOf(full) };
};

const entriesOf = (content: z.output<typeof Content>, folder: string) => {
  const faults: Fault[] = [];
  const entries = content.loadTests.map((one, index): LoadTestEntry => {
    const { name, script: path, entrypoint, ...settings } = one;
    const entry = { path: ["loadTests", index], name, settings, script: undefined };
    const first = content.loadTests.findIndex((other) => other.name === name);
    if (first < index) {
      const message = `is the name of loadTests[${first}] too`;
      faults.push({ path: [...entry.path, "name"], message });
    }
    if (path === undefined) {
      if (entrypoint !== undefined)
        faults.push({ path: [...entry.path, "entrypoint"], message: "is for a script" });
      return entry;
    }
    try {
      return { ...entry, script: scriptAt(path, folder, entrypoint) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const message = error.message.replace(/\.$/, "");
      faults.push({ path: [...entry.path, "script"], message });
      return entry;
    }
  });
  return { entries, faults };
};

/**
 * The load tests of a file, with their scripts. `scope`: instead of that of the file. Throws AppError validation; every fault has
 * file, line and column.
 */
export const readTestsFile = (
  file: string,
  scope: Scope | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): TestsFile => {
  if (!existsSync(file)) {
    const detail = `There is no ${file}; it names load tests, as docs/load-tests-as-code.md says.`;
    throw new AppError("validation", detail);
  }
  const { values, originOf, faults: unread } = yamlSource(file, environment);
  const places = { placeOf: (path: readonly PropertyKey[]) => originOf(path) ?? `${file}:1:1` };
  assertNoFaults(unread, places);
  const { loadTests } = values;
  const sent = Array.isArray(loadTests) ? { ...values, loadTests: loadTests.map(asSent) } : values;
  const content = Content.safeParse(sent, { reportInput: true });
  const ofFile = Scope.safeParse(values, { reportInput: true });
  const scopeIssues = scope === undefined ? (ofFile.error?.issues ?? []) : [];
  const missing = faultsOf(Scope, scopeIssues).filter(({ message }) => message === "is required");
  const faults = [...missing, ...faultsOf(Content, content.error?.issues ?? [])];
  assertNoFaults(faults, places);
  if (!content.success) throw content.error;
  const found = entriesOf(content.data, dirname(resolve(file)));
  assertNoFaults(found.faults, places);
  return { scope: scope ?? Scope.parse(ofFile.data), entries: found.entries, ...places };
};
