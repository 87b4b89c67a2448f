import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { loadConfig } from "../../config/load-config.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { testApp, TOKENS } from "./test-app.ts";

export const TOKEN_LINES = `
  apiToken: ${TOKENS.admin}
  apiTokens:
    - { name: team, token: ${TOKENS.team}, accountId: acme, orgId: web }
`;
export const SECURITY = `security:${TOKEN_LINES}  locustCallbackToken: ${TOKENS.callback}\n`;

/** The whole app with the configuration of a file that a test writes again. */
export const reloadableApp = (text: string) => {
  const folder = temporaryFolder();
  const file = join(folder, "load-manager.yaml");
  const write = (next: string): void => writeFileSync(file, next);
  write(text);
  const loaded = loadConfig({ config: file, dataDir: join(folder, "data") }, { PATH: "" });
  const { app, stores, call } = testApp(() => loaded.config, loaded.again);
  const reload = (token: string | undefined = TOKENS.admin) =>
    call("POST", "/v1/admin/reload", token === "" ? {} : { token });
  return { app, stores, call, write, reload };
};

/** A run that was started at Locust itself, of a cluster that is perhaps not configured: nothing ends it soon. */
export const RUN: LoadTestRun = {
  id: "r1",
  name: "r1",
  accountId: "acme",
  orgId: "web",
  projectId: "shop",
  tags: [],
  keep: false,
  locustClusterId: "one",
  trigger: "external",
  status: "Running",
  health: "ok",
  verdict: "none",
  fence: 1,
  slot: 0,
  targetUsers: 1,
  spawnRate: 1,
  loadProfile: { kind: "constant" },
  stopTimeoutSeconds: 10,
  createdAt: 1,
  createdBy: "x",
  updatedAt: 1,
  updatedBy: "x",
  version: 1,
};
