import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
};

/**
 * Identifies this machine together with a folder: only a server with both can manage the processes of a run that was
 * started here. The name is created once, with `fresh`, and stored in the folder, so that a recreated container with
 * another host name has the same id. The machine's id distinguishes machines that share the folder.
 */
export const hostIdOf = (folder: string, fresh: () => string): string => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "host-id");
  if (read(file) === undefined) {
    try {
      writeFileSync(file, `${hostname()}-${fresh()}`, { flag: "wx" });
    } catch {
      // Another server with this folder was faster: its name is read below.
    }
  }
  const machine = createHash("sha256").update(read("/etc/machine-id") ?? "");
  return `${read(file) ?? hostname()}:${machine.digest("hex").slice(0, 6)}`;
};
