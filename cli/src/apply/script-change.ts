import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { REQUIREMENTS_FILE } from "@load-manager/contract/model/requirements.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Fault } from "@load-manager/server/config/problems.ts";
import { manifestOf } from "@load-manager/server/lib/script-manifest.ts";
import { answered } from "../remote/remote.ts";
import type { LoadTestEntry, Script } from "./tests-file.ts";

type FileChange = { readonly path: string; readonly kind: "added" | "changed" | "removed" };

/** How a script differs from the newest revision of the load test. */
export type ScriptChange = {
  /** Of the script on this machine, as the file names it. */
  readonly path: string;
  /** The number of the newest revision; absent without one. */
  readonly revision?: number;
  /** The file that Locust runs, where it is another. */
  readonly entrypoint?: { readonly before: string; readonly after: string };
  readonly files: readonly FileChange[];
};

const filesChanged = (
  before: ScriptRevision["files"],
  after: ScriptRevision["files"],
): FileChange[] => {
  const old = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const now = new Map(after.map(({ path, sha256 }) => [path, sha256]));
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((path): FileChange[] => {
    if (old.get(path) === now.get(path)) return [];
    return [{ path, kind: !old.has(path) ? "added" : now.has(path) ? "changed" : "removed" }];
  });
};

/** Compares a script with the newest revision; `undefined` where they are the same. */
export const scriptChangeOf = (
  script: Script,
  newest: ScriptRevision | undefined,
): ScriptChange | undefined => {
  const manifest = manifestOf(script.files, script.entrypoint);
  // Older versions stored requirements.txt as a file alone, and installed nothing.
  const installs = newest?.requirements !== undefined || !script.files.has(REQUIREMENTS_FILE);
  if (newest?.sha256 === manifest.sha256 && installs) return undefined;
  const { path, entrypoint: after } = script;
  const before = newest?.entrypoint ?? after;
  return {
    path,
    ...(newest === undefined ? {} : { revision: newest.revisionNumber }),
    ...(before === after ? {} : { entrypoint: { before, after } }),
    files: filesChanged(newest?.files ?? [], manifest.files),
  };
};

export const newestRevision = async (
  client: Client,
  known: LoadTestAnswer | undefined,
): Promise<ScriptRevision | undefined> => {
  if (known?.latestRevisionId === undefined) return undefined;
  const params = { loadTestId: known.id };
  const page = await answered(client.listScriptRevisions({ params, query: { limit: 1 } }));
  return page.items[0];
};

/** What a save reads of a script to check it. */
const isChecked = (path: string): boolean => path.endsWith(".py") || path === REQUIREMENTS_FILE;

/** The server compiles the script as a save would; nothing is imported, so that no environment is needed. */
export const checkedScript = async (
  client: Client,
  { path, script }: LoadTestEntry & { readonly script: Script },
): Promise<{ readonly faults: readonly Fault[]; readonly warnings: readonly string[] }> => {
  const { entrypoint } = script;
  const files = [...script.files]
    .filter(([name]) => isChecked(name))
    .map(([name, content]) => ({
      path: name,
      content: content.toString("base64"),
      encoding: "base64" as const,
    }));
  const found = await answered(client.checkScript({ body: { entrypoint, files } }));
  const said = ({ file, line, message }: (typeof found.errors)[number]): string =>
    `${file}${line === undefined ? "" : `, line ${line}`}: ${message}`;
  return {
    faults: found.errors.map((error) => ({ path: [...path, "script"], message: said(error) })),
    warnings: found.warnings.map(said),
  };
};
