import type {
  CheckScript,
  CheckScriptQuery,
  PutScript,
  PutScriptQuery,
} from "@load-manager/contract/api/script.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Access } from "../../auth/access.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import { zipOf } from "../../lib/zip.ts";
import type { LoadTestDeps } from "../../load-tests/deps.ts";
import { checkedScript, placeOf } from "../../load-tests/outline-script.ts";
import { type SavedWith, type ScriptSource, sourceOfBody } from "../../load-tests/script-source.ts";
import { saveScript, withContent } from "../../load-tests/scripts.ts";
import { sourceOfZip } from "../../load-tests/unzip.ts";
import type { Handlers } from "../bind.ts";
import { asSeenBy, visibleLoadTest } from "./load-tests.ts";

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
  requireNoQuery(query);
  return { script: sourceOfBody(body), input: body };
};

const requireNoQuery = (query: object): void => {
  const [name] = Object.entries(query).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw invalid(name, "belongs in the body where that is JSON");
};

const SENT = ["scripts.write", "runs.start"] as const;

/** A saved script may be run by whoever may start runs; another one by whoever may save it first. */
const scriptToCheck = async (
  { stores }: LoadTestDeps,
  body: CheckScript | Uint8Array,
  query: CheckScriptQuery,
  loadTest: LoadTest | undefined,
) => {
  if (body instanceof Uint8Array) {
    const { entrypoint, files } = await sourceOfZip(body, query.entrypoint);
    return { entrypoint, files, needs: SENT };
  }
  requireNoQuery(query);
  if (loadTest === undefined || body.content !== undefined || body.files !== undefined) {
    return { ...sourceOfBody(body), needs: SENT };
  }
  const id = body.scriptRevisionId ?? loadTest.latestRevisionId;
  if (id === undefined) throw notFound("script of the load test", loadTest.id);
  const revision = await revisionOf(stores, loadTest, id);
  const files = await stores.revisions.files(revision);
  return { entrypoint: revision.entrypoint, files, needs: ["runs.start"] as const };
};

const revisionOf = async (
  { revisions }: Pick<LoadTestDeps["stores"], "revisions">,
  loadTest: LoadTest,
  id: string,
) => {
  const revision = await revisions.get(id);
  if (revision?.loadTestId !== loadTest.id) throw notFound("script revision", id);
  return revision;
};

const visibleRevision = async (
  { stores }: LoadTestDeps,
  access: Access,
  { loadTestId, revisionId }: { readonly loadTestId: string; readonly revisionId: string },
): Promise<ScriptRevision> =>
  revisionOf(stores, await visibleLoadTest(stores.loadTests, access, loadTestId), revisionId);

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
  checkScript: async ({ query, body, access }) => {
    access.checkAnywhere();
    const named = body instanceof Uint8Array ? query : body;
    const { loadTestId } = named;
    const loadTest =
      loadTestId === undefined
        ? undefined
        : await visibleLoadTest(deps.stores.loadTests, access, loadTestId);
    const script = await scriptToCheck(deps, body, query, loadTest);
    const place = placeOf(named, loadTest);
    const mayRun = place !== undefined && access.may(place.scope, script.needs);
    return { body: await checkedScript(asSeenBy(deps, access), script, place, mayRun) };
  },
});
