import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import { REQUIREMENTS_FILE } from "@load-manager/contract/model/requirements.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { AppError, notFound, stale } from "../lib/errors.ts";
import { manifestOf } from "../lib/script-manifest.ts";
import type { LoadTestDeps } from "./deps.ts";
import { requirementsOf, type SavedWith, type ScriptSource } from "./script-source.ts";

/** Resolves with warnings. Rejects with AppError validation where the script does not compile, or its requirements are refused. */
export const requireValidScript = async (
  deps: Pick<LoadTestDeps, "checkScript">,
  script: ScriptSource,
): Promise<ScriptProblem[]> => {
  const { errors, warnings } = await deps.checkScript(script);
  const [first] = errors;
  if (first === undefined) return warnings;
  const fields = errors.map(({ file, line, message }) => ({
    field: script.fieldOf(file),
    message: line === undefined ? `${file}: ${message}` : `${file}, line ${line}: ${message}`,
  }));
  throw new AppError(
    "validation",
    `${first.file === REQUIREMENTS_FILE ? "The requirements are refused" : "The script does not compile"}: ${fields[0]?.message ?? first.message}.`,
    {
      fields,
      extra: { scriptErrors: errors },
    },
  );
};

type NewRevision = {
  readonly loadTestId: string;
  readonly script: ScriptSource;
  readonly description?: string | undefined;
  readonly createdBy: string;
  readonly actor: Actor;
};

/** Stores the next revision; returns the newest one where it has the same script. Two concurrent writers get two numbers. */
export const addRevision = async (
  deps: LoadTestDeps,
  input: NewRevision,
): Promise<{ readonly revision: ScriptRevision; readonly created: boolean }> => {
  const { files, entrypoint } = input.script;
  const manifest = manifestOf(files, entrypoint);
  const requirements = requirementsOf(files);
  const contents = new Map(
    manifest.files.map(({ path, sha256 }) => [sha256, files.get(path) ?? new Uint8Array()]),
  );
  for (let attempt = 0; ; attempt += 1) {
    const newest = await deps.stores.revisions.newest(input.loadTestId);
    // Older versions stored the file alone, and installed nothing.
    if (newest?.sha256 === manifest.sha256 && newest.requirements === requirements) {
      return { revision: newest, created: false };
    }
    const revision: ScriptRevision = {
      id: deps.ids.next(),
      loadTestId: input.loadTestId,
      revisionNumber: (newest?.revisionNumber ?? 0) + 1,
      ...manifest,
      ...(requirements === undefined ? {} : { requirements }),
      ...(input.description === undefined ? {} : { description: input.description }),
      createdAt: deps.clock.now(),
      createdBy: input.createdBy,
      createdByActor: refOf(input.actor),
    };
    try {
      await deps.stores.revisions.create(revision, contents);
      return { revision, created: true };
    } catch (error) {
      const raced = error instanceof AppError && error.kind === "conflict" && attempt < 20;
      if (!raced) throw error;
    }
  }
};

/** Takes the version that the caller has read, so that nobody else's change from it counts. Rejects with AppError stale. */
const claimVersion = async (
  deps: LoadTestDeps,
  loadTest: LoadTest,
  ifMatch: number,
  updatedBy: string,
): Promise<LoadTest> => {
  const updatedAt = deps.clock.now();
  const fields = { updatedAt, updatedBy };
  const claimed = await deps.stores.loadTests.update(loadTest.id, ifMatch, fields);
  if (claimed === undefined) throw stale("load test", loadTest.id);
  return claimed;
};

/**
 * Stores the revision, then moves the load test's pointer to it, unless it points to a newer one already. Rejects with
 * AppError stale where `ifMatch` is another version of the load test.
 */
export const saveScript = async (
  deps: LoadTestDeps,
  given: LoadTest,
  script: ScriptSource,
  input: SavedWith,
  actor: Actor,
  ifMatch?: number,
) => {
  const warnings = await requireValidScript(deps, script);
  const createdBy = input.createdBy ?? actor.name;
  const loadTest =
    ifMatch === undefined ? given : await claimVersion(deps, given, ifMatch, createdBy);
  const { revision, created } = await addRevision(deps, {
    loadTestId: loadTest.id,
    script,
    description: input.description,
    createdBy,
    actor,
  });
  for (let current: LoadTest | undefined = loadTest; ;) {
    if (current === undefined) throw notFound("load test", loadTest.id);
    const pointed: ScriptRevision | undefined =
      current.latestRevisionId === undefined
        ? undefined
        : await deps.stores.revisions.get(current.latestRevisionId);
    if (pointed !== undefined && pointed.revisionNumber >= revision.revisionNumber) break;
    const moved = await deps.stores.loadTests.update(current.id, current.version, {
      latestRevisionId: revision.id,
      updatedAt: deps.clock.now(),
      updatedBy: createdBy,
    });
    if (moved !== undefined) break;
    current = await deps.stores.loadTests.get(loadTest.id);
  }
  return { ...(await withContent(deps, revision)), warnings, created };
};

/** Text where it is UTF-8, so that its bytes are the same again; a byte order mark stays. */
const sentContent = (bytes: Uint8Array) => {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { content: decoder.decode(bytes), encoding: "utf-8" as const };
  } catch {
    return { content: Buffer.from(bytes).toString("base64"), encoding: "base64" as const };
  }
};

/** A revision with the contents of its files. */
export const withContent = async (
  { stores }: Pick<LoadTestDeps, "stores">,
  revision: ScriptRevision,
) => {
  const contents = await stores.revisions.files(revision);
  const files = revision.files.map((file) => ({
    ...file,
    ...sentContent(contents.get(file.path) ?? new Uint8Array()),
  }));
  return { ...revision, files };
};
