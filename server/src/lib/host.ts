import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Names this machine together with the folder that its runs are kept in: only who can reach both can look after the
 * processes of a run that was started here.
 */
export const hostIdOf = (folder: string): string => {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  const real = ((): string => {
    try {
      return realpathSync(folder);
    } catch {
      return folder;
    }
  })();
  const parts = [hostname(), read("/etc/machine-id"), real];
  return `${hostname()}:${createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12)}`;
};
