import { expect, test } from "vitest";
import { type Config, loadConfig } from "../config/load-config.ts";
import { changedSettings } from "./changed-settings.ts";

const CONFIG = loadConfig({}, { LOAD_MANAGER_CONFIG: "/dev/null", PATH: "" }).config;

test("a setting that a reload does not take over is listed, whatever its section", () => {
  const { server, security } = CONFIG;
  const next = {
    ...CONFIG,
    server: { ...server, port: server.port + 1 },
    security: { ...security, apiToken: "another", sessionHours: 2 },
    locustClusters: [],
    mail: { host: "127.0.0.1" },
    language: "en",
  } as Config;
  const names = ["server.port", "security.sessionHours", "mail.host", "language"];
  expect(new Set(changedSettings(CONFIG, next))).toEqual(new Set(names));
  expect(new Set(changedSettings(next, CONFIG))).toEqual(new Set(names));
  expect(changedSettings(CONFIG, structuredClone(CONFIG))).toEqual([]);
});
