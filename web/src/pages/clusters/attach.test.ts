import { expect, test } from "vitest";
import { shellWord } from "../../lib/shell-word.ts";
import { configuration, startCommands } from "./attach.ts";

const SCOPE = { accountId: "acme", orgId: "web", projectId: "shop", envId: "staging" };

test("the commands name the server, the scope, and a placeholder for the token", () => {
  expect(startCommands("http://load.example:8800", SCOPE, true).split("\n")).toEqual([
    "export LOAD_MANAGER_URL=http://load.example:8800",
    "export LOAD_MANAGER_TOKEN='<callback token>'",
    "export LOAD_MANAGER_ACCOUNT_ID=acme",
    "export LOAD_MANAGER_ORG_ID=web",
    "export LOAD_MANAGER_PROJECT_ID=shop",
    "export LOAD_MANAGER_ENV_ID=staging",
    "load-manager-locust -f locustfile.py --master",
    "load-manager-locust -f locustfile.py --worker --master-host '<master>'",
  ]);
});

test("a server without tokens needs none of Locust", () => {
  expect(startCommands("http://load.example:8800", SCOPE, false)).not.toContain("TOKEN");
});

test("without a scope there are placeholders for the levels that a cluster must name", () => {
  expect(configuration({ accountId: "no" })).toBe(
    [
      "locustClusters:",
      "  - id: my-locust",
      '    baseUrl: "http://<master>:8089"',
      '    accountId: "no"',
      '    orgId: "<org>"',
      '    projectId: "<project>"',
    ].join("\n"),
  );
});

test("a name cannot become a command", () => {
  expect(shellWord("a';rm -rf $HOME")).toBe(String.raw`'a'\'';rm -rf $HOME'`);
});
