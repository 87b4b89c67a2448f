#!/usr/bin/env node
// Plain JavaScript for any Node version: finds a Node that can run the program, and starts it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const entry = fileURLToPath(import.meta.url);
/** What Node has compiled: the next start takes half the processor time. Where it cannot be written there is none. Threads find it by the variable. */
const compiled = new URL("../../node_modules/.cache/load-manager", import.meta.url);
const own = Number(process.versions.node.split(".")[0]);

if (own >= NEEDED) {
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(compiled);
  nodeModule.enableCompileCache();
  await import("../src/main.ts");
} else {
  const bundled = fileURLToPath(
    new URL(
      `../../node_modules/node-${process.platform}-${process.arch}/bin/node`,
      import.meta.url,
    ),
  );
  if (!existsSync(bundled)) {
    console.error(
      `Load Manager needs Node ${NEEDED} or newer. This is Node ${process.versions.node}, and node_modules has none. Install Node ${NEEDED}, or run npm ci.`,
    );
    process.exit(1);
  }
  // The channel tells the program that its launcher has ended, however it did; see src/launcher.ts.
  const stdio = ["inherit", "inherit", "inherit", "ipc"];
  const child = spawn(bundled, [entry, ...process.argv.slice(2)], { stdio });
  // Ctrl-C reaches the child by itself; other signals are passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  child.on("error", (error) => {
    console.error(`Node could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
