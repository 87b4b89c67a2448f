import { readFileSync } from "node:fs";
import { AppError, messageOf } from "../lib/errors.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { interpolate, secretFrom } from "./interpolate.ts";
import type { Fault } from "./problems.ts";
import { SCALARS, SECRETS } from "./schema.ts";
import { parseYaml } from "./yaml-file.ts";

/** The source of a value, for people: `load-manager.yaml:3:5`, `LOAD_MANAGER_SERVER_PORT`, `--port`. */
export type Origin = string;
export type Source = {
  readonly values: Readonly<Record<string, unknown>>;
  /** The place of a setting, else of the nearest node around it that has a place. */
  readonly originOf: (path: readonly PropertyKey[]) => Origin | undefined;
  /** Values that could not be read. */
  readonly faults: readonly Fault[];
};

/** Throws AppError validation; every fault has line and column. */
export const yamlSource = (file: string, environment: NodeJS.ProcessEnv): Source => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const detail = `The configuration ${file} cannot be read: ${messageOf(error)}`;
    throw new AppError("validation", detail);
  }
  const { document, placeOf, values } = parseYaml(text, file);
  const faults = interpolate(document, file, environment);
  return { values: values(), originOf: placeOf, faults };
};

const variableOf = (path: string): string =>
  `LOAD_MANAGER_${path
    .replaceAll(/([A-Z])/g, "_$1")
    .replaceAll(".", "_")
    .toUpperCase()}`;

/** Variables of the launcher, the plugin, the tools, and the commands that ask a server. */
const RESERVED = new Set(
  ["CONFIG", "URL", "TOKEN", "ACCOUNT_ID", "ORG_ID", "PROJECT_ID", "ENV_ID", "RUN_DIR", "STORE_ID"]
    .concat(["ROLE", "SPOOL_BYTES", "MAX_ENDPOINTS", "PYTHON", "TOOLS", "API_TOKEN"])
    .map((name) => `LOAD_MANAGER_${name}`),
);

const isReserved = (name: string): boolean =>
  RESERVED.has(name) || name.startsWith("LOAD_MANAGER_TEST_");

export const configFileOf = (environment: NodeJS.ProcessEnv): string | undefined =>
  environment["LOAD_MANAGER_CONFIG"];

const PREFIX = "LOAD_MANAGER_";

/** `LOAD_MANAGER_*`; for secrets also `…_FILE` with the path of a file. An unknown name is a warning, as another program may use it. */
export const environmentSource = (
  environment: NodeJS.ProcessEnv,
): { readonly source: Source; readonly warnings: string[] } => {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  const known = new Map<string, { readonly path: string; readonly file: boolean }>();
  for (const path of Object.keys(SCALARS)) {
    known.set(variableOf(path), { path, file: false });
    if (SECRETS.has(path.split(".")[1] ?? "")) {
      known.set(`${variableOf(path)}_FILE`, { path, file: true });
    }
  }
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined || isReserved(name)) continue;
    const setting = known.get(name);
    if (setting === undefined) {
      const near = didYouMean(
        name.slice(PREFIX.length),
        [...known.keys()].map((one) => one.slice(PREFIX.length)),
      ).replace('"', `"${PREFIX}`);
      warnings.push(`${name} is not a setting, and is ignored${near}.`);
    } else if (!setting.file) {
      setAt(values, setting.path, scalar(setting.path, text));
    } else if (environment[variableOf(setting.path)] === undefined) {
      const read = secretFrom(text);
      if ("text" in read) setAt(values, setting.path, secretOf(setting.path, read.text));
      else faults.push({ path: setting.path.split("."), message: read.fault });
    } else {
      const message = `is also set by ${name}; set only one of them`;
      faults.push({ path: setting.path.split("."), message });
    }
  }
  return {
    source: {
      values,
      originOf: (path) => {
        const variable = variableOf(path.slice(0, 2).map(String).join("."));
        return [variable, `${variable}_FILE`].find((name) => environment[name] !== undefined);
      },
      faults,
    },
    warnings,
  };
};

/** A file may hold several callback tokens, one a line, during a rotation. */
const secretOf = (path: string, text: string): string | string[] =>
  path === "security.locustCallbackToken" && text.includes("\n") ? text.split(/\s*\n\s*/) : text;

const scalar = (path: string, text: string): unknown =>
  SCALARS[path] === "number" && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;

/** Command-line flags by the path of their setting. */
export const flagSource = (
  flags: Readonly<Record<string, { readonly flag: string; readonly value: string | undefined }>>,
): Source => {
  const values: Record<string, unknown> = {};
  for (const [path, { value }] of Object.entries(flags)) {
    if (value !== undefined) setAt(values, path, scalar(path, value));
  }
  return {
    values,
    originOf: (path) => {
      const given = flags[path.map(String).join(".")];
      return given?.value === undefined ? undefined : given.flag;
    },
    faults: [],
  };
};

const setAt = (values: Record<string, unknown>, path: string, value: unknown): void => {
  const [section = "", key = ""] = path.split(".");
  values[section] = { ...(values[section] as object | undefined), [key]: value };
};
