import { spawn } from "node:child_process";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import {
  REQUIREMENTS_FILE,
  requirementsFaults,
} from "@load-manager/contract/model/requirements.ts";
import { z } from "zod";
import { requirementsOf, type ScriptSource } from "./script-source.ts";

/** The result of a check; the script is not run. */
type ScriptFindings = {
  readonly errors: ScriptProblem[];
  /** Do not refuse the script. */
  readonly warnings: ScriptProblem[];
};

/** Reads requirements.txt and compiles every Python file of a script without running it. Never rejects: an unchecked script is a warning. */
export type ScriptChecker = (
  script: Pick<ScriptSource, "entrypoint" | "files">,
) => Promise<ScriptFindings>;

/**
 * Reads from stdin a line with the paths and sizes of the files, then their bytes. A class is a user class where the name of a
 * base ends in "User". A script that imports such a class from another module than Locust counts as having one, to avoid
 * false warnings.
 */
const PROGRAM = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except Exception:
    pass
stdin = sys.stdin.buffer
out = {"errors": [], "users": False}
def names(base):
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
def has_users(tree):
    for node in ast.walk(tree):
        # Of functions as of pytest Locust 2.40 and newer makes User classes.
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            return True
        if isinstance(node, ast.ClassDef) and any(names(base).endswith("User") for base in node.bases):
            return True
        if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("locust"):
            if any(alias.name == "*" or (alias.asname or alias.name).endswith("User") for alias in node.names):
                return True
    return False
for path, size in json.loads(stdin.readline()):
    source = stdin.read(size)
    try:
        tree = ast.parse(source, path)
        compile(tree, path, "exec")
        out["users"] = out["users"] or has_users(tree)
    except SyntaxError as error:
        out["errors"].append({"file": path, "line": error.lineno if error.lineno is None else max(error.lineno, 1), "message": error.msg})
    except (ValueError, RecursionError, MemoryError) as error:
        out["errors"].append({"file": path, "message": str(error) or type(error).__name__})
out["errors"] = out["errors"][:50]
print(json.dumps(out))
`;

/** By its text; an import that finds a class knows better. */
export const NO_USER_CLASS = "The script has no User class, so its runs will fail.";

const Output = z.object({
  errors: z.array(z.object({ file: z.string(), line: z.int().nullish(), message: z.string() })),
  users: z.boolean(),
});

const TIMEOUT_MS = 10_000;

const run = (python: string, input: readonly Uint8Array[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(python, ["-I", "-c", PROGRAM], {
      stdio: ["pipe", "pipe", "ignore"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", () => reject(new Error(`${python} does not run on the server's machine`)));
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${python} could not check it within 10 s and 1 GiB of memory`));
    });
    child.stdin.on("error", () => {});
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
  });

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

/** Files that Locust reads by itself where somebody starts it, but not here. */
const settingsWarnings = (files: ReadonlyMap<string, Uint8Array>): ScriptProblem[] => {
  const project = files.get("pyproject.toml");
  const unread = [
    ...(files.has("locust.conf") ? ["locust.conf"] : []),
    ...(project !== undefined && new TextDecoder().decode(project).includes("[tool.locust")
      ? ["pyproject.toml"]
      : []),
  ];
  return unread.map((file) => ({
    file,
    message: "Locust's settings in this file are not read: those of the run apply.",
  }));
};

const requirementsErrors = (files: ScriptSource["files"]): ScriptProblem[] => {
  const bytes = files.get(REQUIREMENTS_FILE);
  if (bytes !== undefined && !isUtf8(bytes)) {
    return [{ file: REQUIREMENTS_FILE, message: "is not UTF-8" }];
  }
  const faults = requirementsFaults(requirementsOf(files) ?? "");
  return faults.slice(0, 50).map((fault) => ({ file: REQUIREMENTS_FILE, ...fault }));
};

/** The requirements are read here, and the Python files by a Python. */
export const createScriptChecker = (python: string): ScriptChecker => {
  const compile = createCompiler(python);
  return async (script) => {
    const { errors, warnings } = await compile(script);
    return { errors: [...requirementsErrors(script.files), ...errors], warnings };
  };
};

const createCompiler =
  (python: string): ScriptChecker =>
  async ({ entrypoint, files }) => {
    const warnings = settingsWarnings(files);
    const warn = (message: string): ScriptFindings => ({
      errors: [],
      warnings: [{ file: entrypoint, message }, ...warnings],
    });
    const sources = [...files].filter(([path]) => path.endsWith(".py"));
    const undecodable = sources.filter(([, bytes]) => !isUtf8(bytes)).slice(0, 50);
    if (undecodable.length > 0) {
      return { errors: undecodable.map(([file]) => ({ file, message: "is not UTF-8" })), warnings };
    }
    const sizes = JSON.stringify(sources.map(([path, { length }]) => [path, length]));
    const input = [Buffer.from(`${sizes}\n`), ...sources.map(([, bytes]) => bytes)];
    let found: z.output<typeof Output>;
    try {
      found = Output.parse(JSON.parse(await run(python, input)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return warn(`The script was not checked: ${why}.`);
    }
    const errors = found.errors.map(({ file, line, message }) => ({
      file,
      ...(line == null ? {} : { line }),
      message,
    }));
    if (errors.length > 0 || found.users) return { errors, warnings };
    return warn(NO_USER_CLASS);
  };
