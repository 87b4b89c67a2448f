import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "./lib/processes.ts";

const INSTALLED = "/usr/lib/postgresql";

/** PostgreSQL refuses to run as root; Debian's package creates a user for it. */
const ownerOf = (): { uid: number; gid: number; name: string } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g"), name: "postgres" };
};

/**
 * CPU seconds of the Timescale listener of locust-plugins for one request, on a new PostgreSQL (without TimescaleDB, which
 * would only make rows more expensive). LOAD_MANAGER_BENCH_TIMESCALE names a Python that has locust-plugins and
 * psycopg2. `undefined` where one of them is missing.
 */
export const timescaleRequest = async (): Promise<number | undefined> => {
  const python = process.env["LOAD_MANAGER_BENCH_TIMESCALE"];
  if (python === undefined || !existsSync(INSTALLED)) return undefined;
  const bin = join(INSTALLED, readdirSync(INSTALLED).at(-1) ?? "", "bin");
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-pg-"));
  const data = join(folder, "data");
  const owner = ownerOf();
  mkdirSync(data);
  if (owner !== undefined) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid);
  const user = owner?.name ?? execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
  const as = owner === undefined ? {} : { uid: owner.uid, gid: owner.gid };
  const port = String(40_000 + (process.pid % 20_000));
  try {
    execFileSync(join(bin, "initdb"), ["-D", data, "-A", "trust", "-U", user], {
      ...as,
      stdio: "ignore",
    });
    const args = ["-D", data, "-p", port, "-k", folder, "-c", "listen_addresses=127.0.0.1"];
    const server = await startProgram(
      join(bin, "postgres"),
      args,
      /ready to accept connections/,
      {},
      as,
    );
    try {
      const script = join(import.meta.dirname, "timescale.py");
      const result = spawnSync(python, [script, "127.0.0.1", port, user], {
        encoding: "utf8",
        timeout: 120_000,
      });
      if (result.status !== 0) throw new Error(result.stderr);
      return (JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as { request: number })
        .request;
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
