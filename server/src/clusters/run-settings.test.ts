import { describe, expect, test } from "vitest";
import type { ClusterProbe } from "./port.ts";
import {
  assertHonoured,
  assertHonouredNow,
  assertPackages,
  assertSupported,
  scriptSettingsOf,
} from "./run-settings.ts";
import type { ClusterConfig } from "./select-cluster.ts";

const base = { id: "here", scope: {}, maxConcurrentRuns: 1 };
const local: ClusterConfig = { ...base, kind: "local", workers: 2 };
const attached: ClusterConfig = { ...base, kind: "attached", baseUrl: "http://locust" };
const ALL = {
  environment: { A: "b" },
  workers: 2,
  userClasses: [{ name: "Reader" }],
  includeTags: ["a"],
  excludeTags: ["b"],
  scriptOptions: { page: 2, key: { secret: "k" } },
  endpointGroups: [{ pattern: "/products/*" }],
  loadProfile: { kind: "script" as const },
};
const NOTHING = {
  environment: {},
  userClasses: [],
  includeTags: [],
  excludeTags: undefined,
  scriptOptions: {},
  endpointGroups: [],
  loadProfile: { kind: "constant" as const },
};
const SCRIPT = [
  "userClasses",
  "includeTags",
  "excludeTags",
  "scriptOptions",
  "endpointGroups",
  "loadProfile",
];

const fieldsOf = (run: () => void): unknown => {
  try {
    run();
    return [];
  } catch (error) {
    return (error as { fields: { field: string }[] }).fields.map(({ field }) => field);
  }
};
const fieldsNow = async (config: ClusterConfig, probe: ClusterProbe, settings: object) =>
  assertHonouredNow({ config, probe: async () => probe }, settings).then(
    () => [],
    (error: { fields: { field: string }[] }) => error.fields.map(({ field }) => field),
  );

describe("settings of a run", () => {
  test("that no Locust of an attached cluster can honour", () => {
    expect(fieldsOf(() => assertHonoured(attached, ALL))).toEqual(["environment", "workers"]);
    expect(fieldsOf(() => assertHonoured(attached, NOTHING))).toEqual([]);
    expect(fieldsOf(() => assertHonoured(local, ALL))).toEqual([]);
    expect(fieldsOf(() => assertHonoured(local, { workers: 3 }))).toEqual(["workers"]);
    expect(fieldsOf(() => assertHonoured({ ...local, maxWorkers: 3 }, { workers: 3 }))).toEqual([]);
  });

  test("that the Locust which is there now cannot honour", async () => {
    const older = { state: "idle", settings: ["userClasses"] } as const;
    expect(await fieldsNow(attached, { state: "idle", settings: [] }, ALL)).toEqual(SCRIPT);
    expect(await fieldsNow(attached, { state: "busy", settings: [] }, ALL)).toEqual(SCRIPT);
    expect(await fieldsNow(attached, older, ALL)).toEqual(SCRIPT.slice(1));
    expect(await fieldsNow(attached, { state: "idle", settings: SCRIPT }, ALL)).toEqual([]);
    expect(await fieldsNow(attached, { state: "unreachable" }, ALL)).toEqual([]);
    expect(await fieldsNow(attached, { state: "idle", settings: [] }, NOTHING)).toEqual([]);
    expect(await fieldsNow(local, { state: "idle" }, ALL)).toEqual([]);
  });

  test("a stop timeout is one that only the plugin can be told, 0 too", async () => {
    const pages = { state: "idle", settings: [] } as const;
    for (const stopTimeoutSeconds of [0, 10]) {
      const settings = { stopTimeoutSeconds };
      expect(await fieldsNow(attached, pages, settings)).toEqual(["stopTimeoutSeconds"]);
      expect(await fieldsNow(local, pages, settings)).toEqual([]);
      expect(() => assertSupported(settings, [])).toThrow("cannot apply stopTimeoutSeconds");
      assertSupported(settings, ["stopTimeoutSeconds"]);
    }
    assertSupported({ stopTimeoutSeconds: undefined }, []);
  });

  test("packages are refused with why: the default, or a setting", () => {
    const ofShop = { ...local, scope: { accountId: "acme", orgId: "web", projectId: "shop" } };
    expect(() => assertPackages(local, "faker\n")).toThrow("serves more than one project");
    expect(() => assertPackages({ ...ofShop, allowPackages: false }, "faker\n")).toThrow(
      "allowPackages is false there, since",
    );
    assertPackages({ ...local, allowPackages: true }, "faker\n");
  });

  test("are refused once more at the start, and only those that are given are sent", () => {
    expect(() => assertSupported(ALL, [])).toThrow("cannot apply userClasses");
    expect(() => assertSupported(ALL, ["userClasses"])).toThrow("cannot apply includeTags");
    assertSupported(ALL, SCRIPT);
    assertSupported(NOTHING, []);
    const { environment: _, workers: __, ...sent } = ALL;
    expect(scriptSettingsOf(ALL)).toEqual({
      ...sent,
      scriptOptions: { page: 2, key: "k" },
      hiddenOptions: ["key"],
    });
    expect(scriptSettingsOf(NOTHING)).toEqual({});
  });
});
