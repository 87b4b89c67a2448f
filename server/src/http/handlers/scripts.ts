import type { PutScript, PutScriptQuery } from "@load-manager/contract/api/script.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Access } from "../../auth/access.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import { zipOf } from "../../lib/zip.ts";
import type { LoadTestDeps } from "../../load-tests/deps.ts";
import { type SavedWith, type ScriptSource, sourceOfBody } from "../../load-tests/script-source.ts";
import { saveScript, withContent } from "../../load-tests/scripts.ts";
import { sourceOfZip } from "../../load-tests/unzip.ts";
import type { Handlers } from "../bind.ts";
import { visibleLoadTest } from "./load-tests.ts";

type Keys =
  | "saveScript"
  | "getScript"
  | "listScriptRevisions"
  | "getScriptRevision"
  | "getScriptArchive"
  | "checkScript";

type Sent = { readonly script: ScriptSource; readonly input: SavedWith };

/** What an archive cannot say itself is in the query; everything of a JSON body is in the body. */
const sentScript = async (body: PutScript | Uint8Array, query: PutScriptQuery): Promise<Sent> => {
  if (body instanceof Uint8Array) {
    return { script: await sourceOfZip(body, query.entrypoint), input: query };
  }
  const [name] = Object.entries(query).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw invalid(name, "belongs in the body where that is JSON");
  return { script: sourceOfBody(body), input: body };
};

const visibleRevision = async (
  { stores }: LoadTestDeps,
  access: Access,
  { loadTestId, revisionId }: { readonly loadTestId: string; readonly revisionId: string },
): Promise<ScriptRevision> => {
  const loadTest = await visibleLoadTest(stores.loadTests, access, loadTestId);
  const revision = await stores.revisions.get(revisionId);
  if (revision === undefined || revision.loadTestId !== loadTest.id) {
    throw notFound("script revision", revisionId);
  }
  return revision;
};

export const scriptHandlers = (deps: LoadTestDeps): Pick<Handlers, Keys> => ({
  saveScript: async ({ params, query, body, access, actor, ifMatch }) => {
    const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    const { script, input } = await sentScript(body, query);
    const saving = saveScript(deps, loadTest, script, input, actor, ifMatch);
    const { created, ...saved } = await saving;
    return { status: created ? 201 : 200, body: saved };
  },
  getScript: async ({ params, access }) => {
    const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    const newest = await deps.stores.revisions.newest(loadTest.id);
    if (newest === undefined) throw notFound("script of the load test", loadTest.id);
    return { body: await withContent(deps, newest) };
  },
  listScriptRevisions: async ({ params, query, access }) => {
    const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    return { body: await deps.stores.revisions.list(loadTest.id, query) };
  },
  getScriptRevision: async ({ params, access }) => ({
    body: await withContent(deps, await visibleRevision(deps, access, params)),
  }),
  getScriptArchive: async ({ params, access }) => {
    const revision = await visibleRevision(deps, access, params);
    const { revisionNumber, createdAt } = revision;
    const files = await deps.stores.revisions.files(revision);
    return {
      raw: await zipOf(files, new Date(createdAt)),
      headers: {
        "content-disposition": `attachment; filename="script-revision-${revisionNumber}.zip"`,
      },
    };
  },
  checkScript: async ({ body, access }) => {
    access.checkAnywhere();
    const { errors, warnings } = await deps.checkScript(sourceOfBody(body));
    // The check compiles the script and does not read these yet.
    const unread = { userClasses: [], shapeClasses: [], options: [], tags: [] };
    return { body: { ok: errors.length === 0, errors, warnings, ...unread } };
  },
});
