import { LOAD_TEST_RUNS, runStore } from "./load-test-run.ts";
import { LOAD_TESTS, loadTestStore } from "./load-test.ts";
import { SCOPE_COUNTS, scopeCountStore } from "./scope-count.ts";
import { SESSIONS, sessionStore } from "./session.ts";
import { revisionStore, SCRIPT_REVISIONS } from "./script-revision.ts";

/**
 * Every described entity: its port is found as `stores.<name>`. In the order in which a copy writes them: what is
 * referred to comes first.
 */
export const MODELS = {
  loadTests: { description: LOAD_TESTS, port: loadTestStore },
  revisions: { description: SCRIPT_REVISIONS, port: revisionStore },
  sessions: { description: SESSIONS, port: sessionStore },
  runs: { description: LOAD_TEST_RUNS, port: runStore },
  scopeCounts: { description: SCOPE_COUNTS, port: scopeCountStore },
};
