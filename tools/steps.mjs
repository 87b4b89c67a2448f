// Helpers of all tools. Plain JavaScript without dependencies, since it runs before anything is installed, on Node ≥ 20.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The folder of what is installed beside node_modules: Python environments, and marks of completed steps. */
export const TOOLS_FOLDER = process.env.LOAD_MANAGER_TOOLS ?? join(ROOT, ".load-manager-tools");

const NOT_OURS = /^(\..*|node_modules|__pycache__|results|dist)$/;

/** The project's files whose name matches, as paths from its root. */
export const filesOf = (name, folder = ROOT) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : filesOf(name, path);
    return name.test(entry.name) ? [relative(ROOT, path)] : [];
  });

/** Prints one line to stderr, since stdout is for the program that is run. */
export const say = (line) => process.stderr.write(`${line}\n`);

export class Stop extends Error {}

/** Runs a program to its end and returns its output; does not throw for an exit code. */
export const capture = (command, args, options = {}) => {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 600_000, ...options });
  return {
    ok: result.status === 0,
    out: (result.stdout ?? "").trim(),
    all: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim(),
  };
};

/** Runs a program beside others to its end. → whether it succeeded, and what it printed. */
export const collected = (command, args, env = process.env) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: ROOT, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const WATCH_MS = 500;

/**
 * Runs a program on this terminal; resolves with its exit code. Signals are passed on; the terminal also sends Ctrl-C to the
 * program itself. With `together` the program has a channel by which it notices that this process is gone, and gets SIGTERM
 * when npm, which has started this process, is gone.
 */
export const foreground = (command, args, env = process.env, { together = false } = {}) =>
  new Promise((resolve, reject) => {
    const stdio = together ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
    const child = spawn(command, args, { stdio, cwd: ROOT, env });
    const passOn = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, passOn);
    const parent = process.ppid;
    const isOfNpm = process.env.npm_lifecycle_event !== undefined;
    const watch = setInterval(() => {
      if (together && isOfNpm && process.ppid !== parent) child.kill("SIGTERM");
    }, WATCH_MS);
    const release = () => {
      clearInterval(watch);
      for (const signal of SIGNALS) process.off(signal, passOn);
    };
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      release();
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });

export const digest = (...texts) => {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
};

export const readMark = (file) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
};

export const writeMark = (file, text) => {
  mkdirSync(dirname(file), { recursive: true });
  // The file may be linked to that of another checkout, whose mark is its own.
  rmSync(file, { force: true });
  writeFileSync(file, text);
};

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** Runs `work` while no other process does; takes over the lock of a dead process. */
export const locked = async (name, work) => {
  const lock = join(TOOLS_FOLDER, `${name}.lock`);
  const holder = join(lock, "pid");
  mkdirSync(TOOLS_FOLDER, { recursive: true });
  for (let isAnnounced = false; ;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const pid = Number(readMark(holder) ?? Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!isAnnounced) say("Another installation is under way; waiting for it.");
    isAnnounced = true;
    await sleep(500);
  }
  try {
    writeFileSync(holder, String(process.pid));
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
};
