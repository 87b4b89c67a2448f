import { readFileSync } from "node:fs";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { AppError, messageOf } from "../lib/errors.ts";
import { SCALARS } from "./schema.ts";

/** Where a setting's value comes from, for people: `load-manager.yaml:3:5`, `LOAD_MANAGER_SERVER_PORT`, `--port`. */
export type Origin = string;
export type Source = {
  readonly values: Readonly<Record<string, unknown>>;
  /** The place of a setting by its path, or of the nearest thing around it that has a place. */
  readonly originOf: (path: readonly PropertyKey[]) => Origin | undefined;
};

const configError = (detail: string): AppError => new AppError("validation", detail);

/** A YAML file; every error names line and column. */
export const yamlSource = (file: string): Source => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw configError(`The configuration ${file} cannot be read: ${messageOf(error)}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw configError(`${place(broken.pos[0])}: this is not YAML: ${broken.message}`);
  }
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw configError(`${file}:1:1: the configuration must be a map of settings`);
  }
  return {
    values: values as Record<string, unknown>,
    originOf: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const parent: unknown =
          length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
        const key = path[length - 1];
        const pair = isMap(parent)
          ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
          : undefined;
        const node: unknown =
          pair === undefined ? document.getIn(path.slice(0, length), true) : pair.key;
        if (
          typeof node === "object" &&
          node !== null &&
          "range" in node &&
          Array.isArray(node.range)
        ) {
          return place(Number(node.range[0]));
        }
      }
      return undefined;
    },
  };
};

const variableOf = (path: string): string =>
  `LOAD_MANAGER_${path
    .replaceAll(/([A-Z])/g, "_$1")
    .replaceAll(".", "_")
    .toUpperCase()}`;

/** Names that mean something to the launcher, the plugin and the tools, not to the server. */
const RESERVED = new Set(
  ["CONFIG", "URL", "TOKEN", "ACCOUNT_ID", "ORG_ID", "PROJECT_ID", "ENV_ID", "RUN_DIR", "ROLE"]
    .concat([
      "SPOOL_BYTES",
      "MAX_ENDPOINTS",
      "PYTHON",
      "TEST_PYTHON_212",
      "TEST_PYTHON_DEBIAN",
      "TOOLS",
    ])
    .map((name) => `LOAD_MANAGER_${name}`),
);

export const configFileOf = (environment: NodeJS.ProcessEnv): string | undefined =>
  environment["LOAD_MANAGER_CONFIG"];

/** `LOAD_MANAGER_*`; what is unknown is a warning, since it may be meant for another program. */
export const environmentSource = (
  environment: NodeJS.ProcessEnv,
): { readonly source: Source; readonly warnings: string[] } => {
  const values: Record<string, unknown> = {};
  const known = new Map(Object.keys(SCALARS).map((path) => [variableOf(path), path]));
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("LOAD_MANAGER_") || text === undefined || RESERVED.has(name)) continue;
    const path = known.get(name);
    if (path === undefined) warnings.push(`${name} is not a setting, and is ignored.`);
    else setAt(values, path, scalar(path, text));
  }
  return {
    source: {
      values,
      originOf: (path) => {
        const variable = variableOf(path.map(String).join("."));
        return environment[variable] === undefined ? undefined : variable;
      },
    },
    warnings,
  };
};

const scalar = (path: string, text: string): unknown =>
  SCALARS[path] === "number" && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;

/** Command-line flags, already by path. */
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
  };
};

const setAt = (values: Record<string, unknown>, path: string, value: unknown): void => {
  const [section = "", key = ""] = path.split(".");
  values[section] = { ...(values[section] as object | undefined), [key]: value };
};
