import { spawn } from "node:child_process";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import { z } from "zod";

/** The result of a check; the script is not run. */
type ScriptFindings = {
  readonly errors: ScriptProblem[];
  /** Do not refuse the script. */
  readonly warnings: ScriptProblem[];
};

/** Compiles a locustfile without running it. Never rejects: an unchecked script is a warning. */
export type ScriptChecker = (content: string, file?: string) => Promise<ScriptFindings>;

/**
 * Reads the script from stdin. A class is a user class where the name of a base ends in "User". A script that imports such
 * a class from another module than Locust counts as having one, to avoid false warnings.
 */
const PROGRAM = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
source = sys.stdin.buffer.read()
out = {"errors": [], "users": True}
try:
    tree = ast.parse(source, "locustfile.py")
    compile(tree, "locustfile.py", "exec")
    def names(base):
        return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    imported = any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" or (alias.asname or alias.name).endswith("User") and not (node.module or "").startswith("locust") for alias in node.names)
        for node in ast.walk(tree)
    )
    out["users"] = imported or any(names(base).endswith("User") for node in classes for base in node.bases)
except SyntaxError as error:
    out["errors"].append({"line": error.lineno, "message": error.msg})
except (ValueError, RecursionError, MemoryError) as error:
    out["errors"].append({"message": str(error) or type(error).__name__})
print(json.dumps(out))
`;

const Output = z.object({
  errors: z.array(z.object({ line: z.int().nullish(), message: z.string() })),
  users: z.boolean(),
});

const TIMEOUT_MS = 10_000;

const run = (python: string, input: string): Promise<string> =>
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
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error("Python could not check the script"));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });

export const createScriptChecker =
  (python: string): ScriptChecker =>
  async (content, file = "locustfile.py") => {
    const warning = (message: string): ScriptFindings => ({
      errors: [],
      warnings: [{ file, message }],
    });
    let found: z.output<typeof Output>;
    try {
      found = Output.parse(JSON.parse(await run(python, content)));
    } catch {
      return warning(`The script was not checked: ${python} does not run on the server's machine.`);
    }
    const errors = found.errors.map(({ line, message }) => ({
      file,
      ...(line == null ? {} : { line }),
      message,
    }));
    if (errors.length > 0 || found.users) return { errors, warnings: [] };
    return warning("The script has no User class, so its runs will fail.");
  };
