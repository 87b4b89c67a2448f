// A MongoDB-compatible server for the tests: the one that MONGODB_URI names, a mongod on the PATH, or FerretDB, built
// from tools/ferretdb with Go.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { capture, collected, digest, locked, ROOT, say, TOOLS_FOLDER } from "./steps.mjs";

const SOURCE = join(ROOT, "tools/ferretdb");
const START_MS = 20_000;

/** Builds the program unless it is built from the same sources already. → { path }, or { why } if it cannot be built. */
const ensureFerretdb = () => {
  const sources = ["go.mod", "go.sum", "main.go"].map((name) =>
    readFileSync(join(SOURCE, name), "utf8"),
  );
  const folder = join(TOOLS_FOLDER, "ferretdb");
  const path = join(folder, digest(...sources).slice(0, 16));
  if (existsSync(path)) return { path };
  return locked("ferretdb", async () => {
    if (existsSync(path)) return { path };
    if (!capture("go", ["version"], { timeout: 15_000 }).ok) {
      return { why: "it needs MONGODB_URI, a mongod on the PATH, or Go 1.24 to build FerretDB" };
    }
    say("Building FerretDB for the tests of the MongoDB store (a minute or two, once) …");
    mkdirSync(folder, { recursive: true });
    const args = ["build", "-C", SOURCE, "-trimpath", "-o", `${path}.part`, "."];
    const built = await collected("go", args);
    if (!built.ok) return { why: `FerretDB could not be built: ${built.output.slice(-300)}` };
    renameSync(`${path}.part`, path);
    return { path };
  });
};

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts the program and waits until it listens. → { said, stop }, or { why } */
const started = async (command, args, ready, folder) => {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const output = [];
  const exited = new Promise((resolve) => {
    child.on("error", (error) => output.push(error.message));
    child.on("close", resolve);
  });
  const listening = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output.push(text);
        const found = ready.exec(output.join(""));
        if (found === null) return;
        resolve(found[1]);
        output.length = 0;
      });
    }
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([exited, sleep(5000)]);
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const gone = Symbol("gone");
  const limit = Promise.race([exited, sleep(START_MS)]).then(() => gone);
  const said = await Promise.race([listening, limit]);
  if (said !== gone) return { said, stop };
  await stop();
  return { why: `${command} did not start: ${output.join("").slice(-300)}` };
};

const startMongod = async (folder) => {
  const port = await freePort();
  const args = ["--dbpath", folder, "--port", String(port), "--bind_ip", "127.0.0.1"];
  const server = await started("mongod", args, /(Waiting for connections)/i, folder);
  return server.why === undefined ? { ...server, uri: `mongodb://127.0.0.1:${port}` } : server;
};

const startFerretdb = async (folder) => {
  const { path, why } = await ensureFerretdb();
  if (why !== undefined) {
    rmSync(folder, { recursive: true });
    return { why };
  }
  const server = await started(path, [folder], /listening on (\S+)/, folder);
  return server.why === undefined ? { ...server, uri: `mongodb://${server.said}` } : server;
};

/** → { uri, stop }, or { why } if this machine cannot have one. `stop` ends what was started. */
export const startMongo = async () => {
  const given = process.env.MONGODB_URI;
  if (given !== undefined) return { uri: given, stop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), "load-manager-mongo-"));
  const there = capture("mongod", ["--version"], { timeout: 15_000 }).ok;
  return there ? startMongod(folder) : startFerretdb(folder);
};
