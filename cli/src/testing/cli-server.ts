import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@load-manager/contract/api/client.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { afterAll, beforeAll } from "vitest";

const CLI = fileURLToPath(new URL("../../bin/load-manager.js", import.meta.url));
export const ADMIN = "token-of-the-administrator";

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** For tests: a server with tokens, started by the command, and the command beside it. `tokens`: lines of `security.apiTokens`. */
export const cliServer = (tokens: readonly string[] = []) => {
  const root = temporaryFolder();
  let server: ChildProcess;
  let address = "";
  let client: Client;

  beforeAll(async () => {
    const apiTokens = tokens.length === 0 ? "" : `  apiTokens:\n    - ${tokens.join("\n    - ")}\n`;
    writeFileSync(
      join(root, "server.yaml"),
      `security:\n  apiToken: ${ADMIN}\n  locustCallbackToken: callback-of-locust\n${apiTokens}`,
    );
    const args = ["serve", "--port", "0", "--config", "server.yaml", "--data-dir", "data"];
    server = spawn(process.execPath, [CLI, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    address = await new Promise<string>((resolve, reject) => {
      let output = "";
      for (const stream of [server.stdout, server.stderr]) {
        stream?.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          const [, found] = /ready: (http:\S+)/.exec(output) ?? [];
          if (found !== undefined) resolve(found);
        });
      }
      server.on("exit", () => reject(new Error(output)));
    });
    client = createClient({ baseUrl: address, token: ADMIN });
  }, 30_000);

  afterAll(async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
  });

  return {
    root,
    address: () => address,
    client: () => client,
    /** Runs the command beside the server, which answers it. */
    run: (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [CLI, ...args], {
          cwd: root,
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "pipe"],
        });
        const texts = { out: "", err: "" };
        child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
        child.on("close", (code) => resolve({ code, ...texts }));
      }),
  };
};
