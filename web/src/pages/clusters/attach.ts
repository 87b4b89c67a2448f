import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { shellWord } from "../../lib/shell-word.ts";

/** What somebody must fill in stands out. */
const placeholder = (name: string): string => `<${name}>`;

const scopeLines = ({
  accountId = placeholder("account"),
  orgId = placeholder("org"),
  projectId = placeholder("project"),
  envId,
}: ScopeFilter): readonly (readonly [name: string, value: string])[] => [
  ["accountId", accountId],
  ["orgId", orgId],
  ["projectId", projectId],
  ...(envId === undefined ? [] : ([["envId", envId]] as const)),
];

const VARIABLES: Readonly<Record<string, string>> = {
  accountId: "LOAD_MANAGER_ACCOUNT_ID",
  orgId: "LOAD_MANAGER_ORG_ID",
  projectId: "LOAD_MANAGER_PROJECT_ID",
  envId: "LOAD_MANAGER_ENV_ID",
};

/** A text that YAML takes as a string. */
const yamlWord = (text: string): string =>
  /^[A-Za-z][\w-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);

export const INSTALL = "pip install ./locust-plugin";

/** What tells a Locust where to report, and starts it. */
export const startCommands = (serverUrl: string, scope: ScopeFilter, needsToken: boolean): string =>
  [
    `export LOAD_MANAGER_URL=${shellWord(serverUrl)}`,
    ...(needsToken
      ? [`export LOAD_MANAGER_TOKEN=${shellWord(placeholder("callback token"))}`]
      : []),
    ...scopeLines(scope).map(([name, value]) => `export ${VARIABLES[name]}=${shellWord(value)}`),
    "load-manager-locust -f locustfile.py --master",
    `load-manager-locust -f locustfile.py --worker --master-host ${shellWord(placeholder("master"))}`,
  ].join("\n");

/** The cluster as the server's configuration names it. */
export const configuration = (scope: ScopeFilter): string =>
  [
    "locustClusters:",
    "  - id: my-locust",
    `    baseUrl: ${JSON.stringify(`http://${placeholder("master")}:8089`)}`,
    ...scopeLines(scope).map(([name, value]) => `    ${name}: ${yamlWord(value)}`),
  ].join("\n");
