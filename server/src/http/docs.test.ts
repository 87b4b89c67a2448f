import { createHash } from "node:crypto";
import { routes } from "@load-manager/contract/api/routes.ts";
import { afterAll, expect, test } from "vitest";
import { testApp, withTokens } from "./testing/test-app.ts";

const { app, call } = testApp();
afterAll(() => app.close());

const { text: page, headers } = await call("GET", "/docs");

test("every operation has its anchor, example, fields and errors, and every link of the page leads somewhere", () => {
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  for (const [key, route] of Object.entries(routes)) {
    const parts = ["example", "response", "errors", ...("body" in route ? ["body"] : [])];
    for (const id of [key, ...parts.map((part) => `${key}-${part}`)]) expect(ids).toContain(id);
  }
  const markup = page.replace(/<script>[^]*<\/script>/, "");
  const links = [...markup.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(200);
  expect(links.filter((id) => !ids.has(id))).toEqual([]);
});

test("nested fields, parameters and headers are there with their meaning", () => {
  const fields = page.replaceAll(/<\/?span[^>]*>/g, "");
  for (const field of ["autoStop.windowSeconds", "workers.lost", "items[].occurrences", "If-Match"])
    expect(fields).toContain(`<code class="field">${field}</code>`);
  expect(page).toContain("The length of the window that is judged, in seconds.");
  expect(page).not.toContain("undefined");
});

test("each operation names its permission, as the OpenAPI document does", () => {
  for (const [key, route] of Object.entries(routes)) {
    if (!("permission" in route)) continue;
    const [, section = ""] = page.split(`<details id="${key}">`);
    expect([key, section.split("</details>")[0]]).toEqual([
      key,
      expect.stringContaining(`<code>${route.permission}</code>`),
    ]);
  }
  expect(page).toContain("with the field <code>keep</code> also <code>runs.keep</code>");
});

test("only its own style and script may run, and it loads nothing", () => {
  const policy = String(headers["content-security-policy"]);
  for (const element of ["style", "script"]) {
    const content = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? "";
    const digest = createHash("sha256").update(content).digest("base64");
    expect(policy).toContain(`${element}-src 'sha256-${digest}'`);
  }
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  expect(page).not.toMatch(/ (style|on\w+|src)="/);
});

test("examples have the address that the reader has asked, and a token where one is needed", async () => {
  const asked = await call("GET", "/docs", { headers: { host: "load.example:8443" } });
  expect(asked.text).toContain("curl -X POST 'http://load.example:8443/v1/load-tests'");
  expect(asked.text).not.toContain("{{address}}");
  const odd = await call("GET", "/docs", { headers: { host: "a'; rm -rf <b>" } });
  expect(odd.text).not.toContain("rm -rf");
  const guarded = testApp(withTokens);
  const withToken = (await guarded.call("GET", "/docs")).text;
  await guarded.app.close();
  const named = testApp((config) => ({
    ...config,
    server: { ...config.server, publicUrl: "HTTPS://Load.Example/lm/" },
  }));
  const behind = await named.call("GET", "/docs", { headers: { host: "10.0.0.5:8800" } });
  await named.app.close();
  expect(behind.text).toContain("curl -X POST 'https://load.example/lm/v1/load-tests'");
  expect(behind.text).not.toContain("10.0.0.5");
  const header = "Authorization: Bearer $TOKEN&quot;";
  expect([page.includes(header), withToken.includes(header)]).toEqual([false, true]);
});
