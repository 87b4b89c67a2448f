import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../../bin/load-manager.js", import.meta.url));
const folder = temporaryFolder();
const scriptOf = (shell: string): string => {
  const text = execFileSync(process.execPath, [CLI, "completion", shell], { encoding: "utf8" });
  const file = join(folder, `load-manager.${shell}`);
  writeFileSync(file, text);
  return file;
};

const script = scriptOf("bash");
/** What bash offers when the last word is completed. */
const completed = (...words: string[]): string[] => {
  const program = `source "$1"; shift; COMP_WORDS=(load-manager "$@"); COMP_CWORD=$#; _load_manager; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ["--norc", "-c", program, "bash", script, ...words];
  const { stdout, stderr, status } = spawnSync("bash", args, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
};

test.each([
  [["ru"], ["run", "runs"]],
  [
    ["runs", ""],
    ["list", "show", "stop", "watch", "help"],
  ],
  [["criteria", "c"], ["check"]],
  [["run", "--cri"], ["--criteria"]],
  [["run", "Checkout", "--users", "5", "--ju"], ["--junit"]],
  [["runs", "list", "--st"], ["--status"]],
  [
    ["run", "--output", ""],
    ["text", "json"],
  ],
  [["run", "--output", "j"], ["json"]],
  // bash makes three words of --output=j.
  [["run", "--output", "=", "j"], ["json"]],
  [["run", "--fail-on", "in"], ["inconclusive"]],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  // The value of an option is no command, and files are bash's own affair.
  [["run", "--users", ""], []],
  [["run", "--junit", ""], []],
  [["run", ""], []],
])("in bash %j offers %j", (words, offered) => {
  expect(completed(...words)).toEqual(offered);
});

test("bash calls it for load-manager, and completes files where it offers nothing", () => {
  const args = ["--norc", "-c", 'source "$1"; complete -p load-manager', "bash", script];
  expect(execFileSync("bash", args, { encoding: "utf8" })).toBe(
    "complete -o bashdefault -o default -F _load_manager load-manager\n",
  );
});

test("zsh and fish can read theirs, where they are; another shell is refused", () => {
  for (const shell of ["zsh", "fish"]) {
    const { error, status, stderr } = spawnSync(shell, ["-n", scriptOf(shell)], {
      encoding: "utf8",
    });
    if (error === undefined) expect([status, stderr]).toEqual([0, ""]);
  }
  const other = spawnSync(process.execPath, [CLI, "completion", "tcsh"], { encoding: "utf8" });
  expect([other.status, other.stderr]).toEqual([1, expect.stringContaining("bash, zsh, fish")]);
});
