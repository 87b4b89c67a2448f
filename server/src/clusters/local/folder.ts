import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { z } from "zod";

const RoleFile = z.looseObject({
  pid: z.int(),
  startTicks: z.number().nullable(),
  bootId: z.string().nullable(),
  webPort: z.int().optional(),
  masterPort: z.int().optional(),
});
export type RoleFile = z.output<typeof RoleFile>;

/** The folder of one run: `script/`, in which its processes work, `tmp/`, `packages.json` (`packages.ts`), `<role>.json`, `<role>.log`, `spool.bin`. Kept, with its logs, until the run is deleted. */
export type RunFolder = ReturnType<typeof runFolder>;

const TAIL_BYTES = 16_384;

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export const runFolder = (root: string, runId: string) => {
  const path = join(root, runId);
  const script = join(path, "script");
  return {
    path,
    script,
    log: (role: string): string => join(path, `${role}.log`),
    requirements: join(path, "requirements.txt"),
    packages: join(path, "packages.json"),
    temporary: join(path, "tmp"),
    exists: (): Promise<boolean> => isThere(path),
    /**
     * Lays out the script: the folder appears with all its files, or not at all. A kill in between leaves a part beside it, which
     * the next try replaces.
     */
    write: async (files: ReadonlyMap<string, Uint8Array>): Promise<void> => {
      await mkdir(join(path, "tmp"), { recursive: true });
      if (await isThere(script)) return;
      const part = join(path, "script.part");
      await rm(part, { recursive: true, force: true });
      await mkdir(part);
      for (const [name, content] of files) {
        const target = resolve(part, name);
        if (!target.startsWith(part + sep)) throw new Error(`${name} leaves the script's folder`);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content, { flag: "wx" });
      }
      await rename(part, script);
    },
    role: async (role: string): Promise<RoleFile | undefined> => {
      const text = await readFile(join(path, `${role}.json`), "utf8").catch(() => undefined);
      return text === undefined ? undefined : RoleFile.parse(JSON.parse(text));
    },
    /** The last lines of a role's log, without empty ones. */
    logEnd: async (role: string): Promise<string[]> => {
      const file = await open(join(path, `${role}.log`)).catch(() => undefined);
      if (file === undefined) return [];
      try {
        const { size } = await file.stat();
        const from = Math.max(0, size - TAIL_BYTES);
        const buffer = Buffer.alloc(size - from);
        await file.read(buffer, 0, buffer.length, from);
        return buffer
          .toString("utf8")
          .split("\n")
          .filter((line) => line.trim() !== "");
      } finally {
        await file.close();
      }
    },
    /** The spool's entries, each a whole batch: u32 length (little endian), bytes. A torn tail is left out. */
    spooled: async (): Promise<Uint8Array[]> => {
      const bytes = await readFile(join(path, "spool.bin")).catch(() => Buffer.alloc(0));
      const batches: Uint8Array[] = [];
      for (let at = 0; at + 4 <= bytes.length;) {
        const length = bytes.readUInt32LE(at);
        if (at + 4 + length > bytes.length) break;
        batches.push(bytes.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      }
      return batches;
    },
    remove: (): Promise<void> => rm(path, { recursive: true, force: true }),
  };
};
