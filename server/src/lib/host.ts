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
 * Names this machine together with a folder: only who can reach both can look after the processes of a run that was
 * started here. The name is made once, from `fresh`, and kept in the folder, so that a host of another name (a container
 * that is made anew) is the same; the machine's own id tells machines apart that share the folder.
 */
export const hostIdOf = (folder: string, fresh: () => string): string => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "host-id");
  if (read(file) === undefined) {
    try {
      writeFileSync(file, `${hostname()}-${fresh()}`, { flag: "wx" });
    } catch {
      // Another server on this folder was first: its name is read below.
    }
  }
  const machine = createHash("sha256").update(read("/etc/machine-id") ?? "");
  return `${read(file) ?? hostname()}:${machine.digest("hex").slice(0, 6)}`;
};
