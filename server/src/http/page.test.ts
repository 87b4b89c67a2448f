import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";
import { readPage } from "./page.ts";
import { testApp } from "./testing/test-app.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "assets"));
writeFileSync(
  join(folder, "index.html"),
  '<!doctype html><script src="/assets/a-1.js" nonce="{{nonce}}"></script><meta nonce="{{nonce}}">',
);
writeFileSync(join(folder, "assets/a-1.js"), "alert(1)");
writeFileSync(join(folder, "assets/a-1.js.gz"), gzipSync("alert(1)"));

const { app, call } = testApp(undefined, undefined, undefined, undefined, readPage(folder));
const bare = testApp();
afterAll(async () => {
  await app.close();
  await bare.app.close();
});
const asBrowser = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };

test("every address of the page is the same document, with a nonce of its own and a policy that allows nothing else", async () => {
  const nonces = new Set<string>();
  for (const path of ["/", "/runs/some-id?window=steady", "/load-tests"]) {
    const { status, text, headers } = await call("GET", path, asBrowser);
    const nonce = /nonce="([^"]{40,})"/.exec(text)?.[1] ?? "none";
    nonces.add(nonce);
    expect([status, headers["cache-control"]]).toEqual([200, "no-store"]);
    expect(text.split(nonce)).toHaveLength(3);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  }
  expect(nonces.size).toBe(3);
});

test("assets are immutable and come compressed; what is not there is 404", async () => {
  const found = await call("GET", "/assets/a-1.js", { headers: { "accept-encoding": "gzip" } });
  expect(found.status).toBe(200);
  expect(found.headers).toMatchObject({
    "content-encoding": "gzip",
    "cache-control": "public, max-age=31536000, immutable",
  });
  expect((await call("GET", "/assets/b-2.js", asBrowser)).status).toBe(404);
  expect((await call("GET", "/assets/../index.html", asBrowser)).text).not.toContain("{{nonce}}");
});

test("a page that is built anew is sent anew, without a restart of the server", async () => {
  const file = join(folder, "index.html");
  const before = readFileSync(file, "utf8");
  rmSync(file);
  expect((await call("GET", "/", asBrowser)).text).toContain("a-1.js");
  writeFileSync(file, before.replace("a-1.js", "a-2.js"));
  expect((await call("GET", "/runs/some-id", asBrowser)).text).toContain("/assets/a-2.js");
  writeFileSync(file, before);
});

test("the API answers in JSON whoever asks, and programs get 404 for an unknown path", async () => {
  for (const [path, options] of [
    ["/v1/unknown", asBrowser],
    ["/v1", asBrowser],
    ["/unknown", {}],
    ["/unknown", { headers: { accept: "application/json" } }],
  ] as const) {
    const { status, json } = await call("GET", path, options);
    expect([path, status, json?.title]).toEqual([path, 404, "Not found"]);
  }
  expect((await call("POST", "/unknown", asBrowser)).status).toBe(404);
  expect((await call("GET", "/docs", asBrowser)).text).toContain("Load Manager API");
});

test("without a built page / leads to the documentation, and other paths are unknown", async () => {
  expect(readPage(join(folder, "none"))).toBeUndefined();
  const { status, headers } = await bare.call("GET", "/", asBrowser);
  expect([status, headers["location"]]).toEqual([302, "/docs"]);
  expect((await bare.call("GET", "/runs/x", asBrowser)).status).toBe(404);
});
