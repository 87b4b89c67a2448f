import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

// Hooks run in reverse order. This one is registered when a test file imports this module, so it runs after the hooks of the
// file, which close what uses the folders.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** For tests: a new, empty folder. It is removed when all tests of the file have ended. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-testing-"));
  folders.push(folder);
  return folder;
};
