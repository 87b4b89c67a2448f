import { join } from "node:path";
import { pino } from "pino";
import { createApp } from "../../app.ts";
import { type Config, type LoadedConfig, loadConfig } from "../../config/load-config.ts";
import { storesForTests } from "../../stores/testing/test-stores.ts";
import type { Page } from "../page.ts";
import { assertDeclared } from "./declared.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

export const TOKENS = {
  admin: "administrator-token",
  team: "team-token-of-acme-web",
  other: "token-of-another-account",
  callback: "what-locust-sends",
};

/** For tests: the whole app on the store that the suite runs on (`vitest.config.ts`), not listening, its loop not running unless it is started. */
export const testApp = (
  change: (config: Config) => Config = (config) => config,
  again?: () => LoadedConfig,
  log = pino({ level: "silent" }),
  stores = storesForTests(),
  page?: Page,
) => {
  const dataDir = join(temporaryFolder(), "data");
  const { config } = loadConfig({ dataDir }, { PATH: "/usr/local/bin:/usr/bin:/bin" });
  let ids = 0;
  const app = createApp({
    config: change(config),
    again,
    stores,
    clock: { now: () => 1_700_000_000_000, monotonic: () => 0, wall: () => 1_700_000_000_000 },
    ids: { next: () => `id-${(ids += 1)}`, of: (name) => `of-${name}` },
    log,
    page,
  });
  const call = async (
    method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE",
    url: string,
    options: {
      readonly body?: unknown;
      readonly token?: string;
      readonly headers?: Record<string, string>;
      /** Where the request comes from. */
      readonly address?: string;
    } = {},
  ) => {
    const response = await app.http.inject({
      method,
      url,
      ...(options.address === undefined ? {} : { remoteAddress: options.address }),
      headers: {
        host: "127.0.0.1",
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : {
            payload: typeof options.body === "string" ? options.body : JSON.stringify(options.body),
          }),
    });
    const isJson = /[/+]json/.test(String(response.headers["content-type"]));
    const json = isJson && method !== "HEAD" ? response.json() : undefined;
    assertDeclared(method, url, { status: response.statusCode, headers: response.headers, json });
    return { status: response.statusCode, headers: response.headers, text: response.body, json };
  };
  return { app, stores, call };
};

export const withTokens = (config: Config): Config => ({
  ...config,
  security: {
    apiToken: TOKENS.admin,
    apiTokens: [
      { name: "team", token: TOKENS.team, role: "admin", accountId: "acme", orgId: "web" },
      { name: "other", token: TOKENS.other, role: "admin", accountId: "umbrella" },
    ],
    locustCallbackToken: [TOKENS.callback],
  },
});

export const LOAD_TEST = {
  name: "Checkout",
  accountId: "acme",
  orgId: "web",
  projectId: "shop",
  targetUrl: "http://127.0.0.1:1",
};
export const SCRIPT = "from locust import HttpUser\nclass A(HttpUser):\n    pass\n";
