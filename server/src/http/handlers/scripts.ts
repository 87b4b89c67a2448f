import { notFound } from "../../lib/errors.ts";
import type { LoadTestDeps } from "../../load-tests/deps.ts";
import { saveScript, withContent } from "../../load-tests/scripts.ts";
import type { Handlers } from "../bind.ts";
import { visibleLoadTest } from "./load-tests.ts";

type Keys =
  | "saveScript"
  | "getScript"
  | "listScriptRevisions"
  | "getScriptRevision"
  | "checkScript";

export const scriptHandlers = (deps: LoadTestDeps): Pick<Handlers, Keys> => ({
  saveScript: async ({ params, body, access, actor, ifMatch }) => {
    const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    const { created, ...saved } = await saveScript(deps, loadTest, body, actor, ifMatch);
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
  getScriptRevision: async ({ params, access }) => {
    const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    const revision = await deps.stores.revisions.get(params.revisionId);
    if (revision === undefined || revision.loadTestId !== loadTest.id) {
      throw notFound("script revision", params.revisionId);
    }
    return { body: await withContent(deps, revision) };
  },
  checkScript: async ({ body, access }) => {
    access.checkAnywhere();
    const { errors, warnings } = await deps.checkScript(body.content);
    // The check compiles the script and does not read these yet.
    const unread = { userClasses: [], shapeClasses: [], options: [], tags: [] };
    return { body: { ok: errors.length === 0, errors, warnings, ...unread } };
  },
});
