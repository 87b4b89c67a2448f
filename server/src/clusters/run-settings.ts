import { hiddenOptionsOf, optionValuesOf } from "@load-manager/contract/model/script-options.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { requirementLines } from "@load-manager/contract/model/requirements.ts";
import { AppError, refused } from "../lib/errors.ts";
import type { ClusterProbe } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/** Settings that only a process which Load Manager starts can be given, with what to do elsewhere. */
const ONLY_LOCAL = {
  environment: "set the variables where it is started",
  workers: "start as many workers there",
} as const;

/** Settings that the plugin applies. */
const OF_SCRIPT = [
  "userClasses",
  "includeTags",
  "excludeTags",
  "scriptOptions",
  "endpointGroups",
  "loadProfile",
] as const;

/** Settings that a Locust without the plugin does not have, or cannot be told. */
const OF_PLUGIN = [...OF_SCRIPT, "stopTimeoutSeconds"] as const;

type Setting = keyof typeof ONLY_LOCAL | (typeof OF_PLUGIN)[number];
type Settings = { readonly [K in Setting]?: LoadTestRun[K] | null | undefined };

/** An empty list or map asks for nothing, and every Locust can keep its users constant. */
const isGiven = (value: Settings[Setting]): boolean => {
  if (value === null || value === undefined) return false;
  if (typeof value === "number") return true;
  return "kind" in value && value.kind === "constant" ? false : Object.keys(value).length > 0;
};

const namesOf = <Name extends Setting>(names: readonly Name[], settings: Settings): Name[] =>
  names.filter((name) => isGiven(settings[name]));

/** Throws AppError validation that names each setting which no Locust of the cluster can honour, with the reason. */
export const assertHonoured = (cluster: ClusterConfig, settings: Settings): void => {
  if (cluster.kind === "local") {
    const { id, maxWorkers = cluster.workers } = cluster;
    if ((settings.workers ?? 0) <= maxWorkers) return;
    const message = `must be at most ${maxWorkers}, which the cluster ${id} allows (maxWorkers of its configuration)`;
    throw refused([{ field: "workers", message }]);
  }
  const names = namesOf(Object.keys(ONLY_LOCAL) as (keyof typeof ONLY_LOCAL)[], settings);
  if (names.length === 0) return;
  throw refused(
    names.map((field) => ({
      field,
      message: `cannot be set on the cluster ${cluster.id}: Load Manager does not start that Locust; ${ONLY_LOCAL[field]}`,
    })),
  );
};

/** Throws AppError validation where a script needs packages that the cluster does not install. */
export const assertPackages = (cluster: ClusterConfig, requirements: string | undefined): void => {
  // An attached cluster runs its own script.
  if (cluster.kind === "attached" || cluster.allowPackages === true) return;
  if (requirementLines(requirements ?? "").length === 0) return;
  const why =
    cluster.scope.projectId === undefined
      ? "allowPackages is not true there, and without it a cluster that serves more than one project installs none"
      : "allowPackages is false there";
  const message = `of the script cannot be installed on the cluster ${cluster.id}: ${why}, since packages run their own code as the user of the server; the operator may set it, or install them in the cluster's Python, and the script leave its requirements.txt out`;
  throw refused([{ field: "requirements", message }]);
};

const lacking = (settings: Settings, supported: readonly string[]) =>
  namesOf(OF_PLUGIN, settings).filter((name) => !supported.includes(name));

const NEEDS_PLUGIN = "it needs the plugin of this server's version in Locust's master and workers";

/**
 * Throws AppError validation where the Locust that is there now cannot honour a setting. One that does not answer is taken:
 * it is asked again at the start.
 */
export const assertHonouredNow = async (
  {
    config,
    probe,
  }: { readonly config: ClusterConfig; readonly probe: () => Promise<ClusterProbe> },
  settings: Settings,
): Promise<void> => {
  if (config.kind === "local" || lacking(settings, []).length === 0) return;
  const { settings: supported } = await probe();
  const names = supported === undefined ? [] : lacking(settings, supported);
  if (names.length === 0) return;
  throw refused(
    names.map((field) => ({
      field,
      message: `cannot be set on the cluster ${config.id}: ${NEEDS_PLUGIN}`,
    })),
  );
};

/** For the command that starts load. Throws AppError conflict, after which the run fails as `setting_refused`. */
export const assertSupported = (settings: Settings, supported: readonly string[]): void => {
  const [field] = lacking(settings, supported);
  if (field === undefined) return;
  throw settingRefused(`The Locust of the cluster cannot apply ${field}: ${NEEDS_PLUGIN}.`, field);
};

/** No load of the run was started, and a repetition would change nothing. */
export const settingRefused = (message: string, field: string | undefined): AppError =>
  new AppError("conflict", message, { extra: { code: "setting_refused", field } });

/** The settings as the plugin takes them with a start. */
export const scriptSettingsOf = (settings: Settings): Record<string, unknown> => ({
  ...Object.fromEntries(namesOf(OF_SCRIPT, settings).map((name) => [name, settings[name]])),
  ...optionsOf(settings),
});

/** The values of the script's options as a process takes them, and the names of those that are shown nowhere. */
const optionsOf = ({ scriptOptions }: Settings) => {
  if (!isGiven(scriptOptions)) return {};
  const stored = scriptOptions ?? {};
  return {
    scriptOptions: optionValuesOf(stored),
    hiddenOptions: hiddenOptionsOf(stored),
  };
};
