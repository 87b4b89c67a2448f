// A browser for the tests of pages: one that is installed, or Debian's package.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { capture, locked, say } from "./steps.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

const installed = () =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));

const install = () => {
  say("Installing chromium with apt-get, for the tests in a browser");
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const { ok, all } = capture("apt-get", args, { env, timeout: 600_000 });
    if (!ok) return { why: `apt-get ${args[0]} failed: ${all.slice(-300)}` };
  }
  const file = installed();
  return file === undefined ? { why: "apt-get installed no chromium" } : { file };
};

/** → { file } of a browser, or { why } if this machine cannot have it. */
export const ensureChromium = () => {
  const file = process.env.LOAD_MANAGER_TEST_CHROMIUM ?? installed();
  if (file !== undefined) return { file };
  const canInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!canInstall)
    return { why: "no chromium on the PATH; install it, or set LOAD_MANAGER_TEST_CHROMIUM" };
  return locked("chromium", async () => install());
};
