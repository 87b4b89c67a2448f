import { join } from "node:path";
import { createClient } from "@load-manager/contract/api/client.ts";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "vite";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  type Server,
  startServer,
} from "./harness.ts";

const TOKEN = "browser-administrator";
const CONFIG = `
locustClusters:
  - { id: local, kind: local, workers: 1 }
security:
  apiToken: ${TOKEN}
  locustCallbackToken: browser-callback-token
`;

/** The page's program: the client as it is, bundled for a browser. */
const bundled = async (): Promise<string> => {
  const built = await build({
    root: ROOT,
    logLevel: "error",
    configFile: false,
    build: {
      write: false,
      minify: false,
      lib: { entry: join(ROOT, "e2e/browser-page.ts"), formats: ["iife"], name: "page" },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  if (chunk === undefined || !("code" in chunk)) throw new Error("the page was not bundled");
  return chunk.code;
};

let browser: Browser;
let server: Server;
let shop: Shop;
let loadTestId = "";
const dataDir = newFolder();
beforeAll(async () => {
  shop = await startShop();
  const python = LOCUSTS[0]?.python ?? "python3";
  server = await startServer({ python, dataDir, config: CONFIG });
  loadTestId = await defineShop(createClient({ baseUrl: server.address, token: TOKEN }), shop.url);
  browser = await chromium.launch({
    executablePath: process.env["LOAD_MANAGER_TEST_CHROMIUM"] ?? "",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  await shop.close();
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

test("a page signs in, starts a run once, and follows its stream to the end with the client alone", async () => {
  const script = await bundled();
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  // A page of the server's own origin, as the server would serve it.
  await page.route(`${server.address}/page`, (route) =>
    route.fulfill({ contentType: "text/html", body: `<script>${script}</script>` }),
  );
  await page.goto(`${server.address}/page`);
  const seen = await page.evaluate<{
    readonly me: { readonly kind: string };
    readonly stale: number;
    readonly ids: readonly string[];
    readonly types: readonly string[];
    readonly requests: number;
    readonly end: string;
    readonly afterSignOut: number;
  }>(`signInAndRun("${TOKEN}", "${loadTestId}")`);
  expect(problems).toEqual([]);
  expect(seen.me.kind).toBe("user");
  expect(seen.stale).toBe(412);
  expect(new Set(seen.ids).size).toBe(1);
  expect(new Set(seen.types)).toEqual(new Set(["status", "sample", "end"]));
  expect(seen.end).toBe("Finished");
  const runId = seen.ids[0] ?? "";
  const counts = Object.values(shop.counts(runId));
  expect(seen.requests).toBe(counts.reduce((sum, { requests }) => sum + requests, 0));
  expect(seen.afterSignOut).toBe(401);
});
