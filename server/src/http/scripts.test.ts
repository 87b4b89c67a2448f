import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { zipOf } from "../load-tests/testing/zip.ts";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, call } = testApp();
afterAll(() => app.close());

const newScriptPath = async () => {
  const created = await call("POST", "/v1/load-tests", { body: LOAD_TEST });
  return `/v1/load-tests/${created.json.id}/script`;
};
const hash = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

const BYTES = Uint8Array.of(0, 255, 254, 10);
const PROJECT = [
  { path: "locustfile.py", content: "from common.users import Shopper\n", encoding: "utf-8" },
  { path: "common/__init__.py", content: "" },
  { path: "common/users.py", content: SCRIPT, encoding: "utf-8" },
  { path: "data/users.csv", content: "\ufeffname\nÄnne\n", encoding: "utf-8" },
  { path: "data/b.bin", content: Buffer.from(BYTES).toString("base64"), encoding: "base64" },
];

describe("a script of several files", () => {
  test("is one revision, and comes back byte by byte", async () => {
    const path = await newScriptPath();
    const saved = await call("PUT", path, { body: { files: PROJECT, description: "all" } });
    expect([saved.status, saved.json.revisionNumber, saved.json.warnings]).toEqual([201, 1, []]);
    expect([saved.json.entrypoint, saved.json.description]).toEqual(["locustfile.py", "all"]);
    const read = await call("GET", path);
    const files = Object.fromEntries(
      read.json.files.map((file: { path: string }) => [file.path, file]),
    );
    expect(Object.keys(files)).toEqual([
      "common/__init__.py",
      "common/users.py",
      "data/b.bin",
      "data/users.csv",
      "locustfile.py",
    ]);
    expect(files["data/b.bin"]).toMatchObject({
      size: 4,
      sha256: hash(BYTES),
      encoding: "base64",
      content: "AP/+Cg==",
    });
    expect(files["data/users.csv"]).toMatchObject({
      encoding: "utf-8",
      content: "\ufeffname\nÄnne\n",
    });
    expect(files["common/__init__.py"]).toMatchObject({ size: 0, encoding: "utf-8", content: "" });
    const sent = read.json.files.map(({ path: at, content, encoding }: (typeof PROJECT)[0]) => ({
      path: at,
      content,
      encoding,
    }));
    const same = await call("PUT", path, { body: { files: sent.toReversed() } });
    expect([same.status, same.json.id]).toEqual([200, saved.json.id]);
  });

  test("is a new revision where a file or the entrypoint has changed, and the older ones stay", async () => {
    const path = await newScriptPath();
    const send = (body: object) => call("PUT", path, { body });
    const one = await send({ content: SCRIPT });
    const same = await send({ files: [{ path: "locustfile.py", content: SCRIPT }] });
    expect([same.status, same.json.id]).toEqual([200, one.json.id]);
    const files = [...PROJECT, { path: "load/main.py", content: SCRIPT }];
    expect((await send({ files })).json.revisionNumber).toBe(2);
    const other = await send({ files, entrypoint: "load/main.py" });
    expect([other.json.revisionNumber, other.json.entrypoint]).toEqual([3, "load/main.py"]);
    const less = await send({ files: files.slice(0, -1) });
    expect([less.json.revisionNumber, less.json.files.length]).toEqual([4, 5]);
    const first = await call("GET", `${path}/revisions/${one.json.id}`);
    expect(first.json.files).toMatchObject([{ path: "locustfile.py", content: SCRIPT }]);
    expect((await call("GET", `${path}/revisions`)).json.items[1].files[0]).not.toHaveProperty(
      "content",
    );
  });

  test("is a zip archive, with the rest in the query", async () => {
    const path = await newScriptPath();
    const archive = zipOf(
      PROJECT.map(({ path: at, content, encoding }) => ({
        path: `shop/${at}`,
        content: Buffer.from(content, encoding === "base64" ? "base64" : "utf8"),
      })),
    );
    const send = (query: string) =>
      app.http.inject({
        method: "PUT",
        url: `${path}${query}`,
        headers: { host: "127.0.0.1", "content-type": "application/zip" },
        payload: archive,
      });
    const zipped = (await send("?description=by%20zip&createdBy=me")).json();
    expect(zipped).toMatchObject({ revisionNumber: 1, description: "by zip", createdBy: "me" });
    const sent = await call("PUT", path, { body: { files: PROJECT } });
    expect([sent.status, sent.json.id]).toEqual([200, zipped.id]);
    const wrong = await send("?entrypoint=main.py");
    expect([wrong.statusCode, wrong.json().errors]).toEqual([
      400,
      [{ field: "entrypoint", message: expect.stringContaining("main.py") }],
    ]);
    const both = await call("PUT", `${path}?entrypoint=a.py`, { body: { content: SCRIPT } });
    expect([both.status, both.json.errors[0].field]).toEqual([400, "entrypoint"]);
    const check = await call("POST", "/v1/scripts/check", {
      body: "PK",
      headers: { "content-type": "application/zip" },
    });
    expect(check.status).toBe(415);
  });

  test("every Python file is compiled, and errors name file, line and field", async () => {
    const path = await newScriptPath();
    const files = [
      ...PROJECT,
      { path: "common/bad.py", content: "import os\ndef x(:\n" },
      { path: "notes.txt", content: "def x(:" },
    ];
    const check = await call("POST", "/v1/scripts/check", { body: { files } });
    expect(check.json).toMatchObject({ ok: false, errors: [{ file: "common/bad.py", line: 2 }] });
    const refused = await call("PUT", path, { body: { files } });
    expect([refused.status, refused.json.errors[0].field]).toEqual([400, "files[5].content"]);
    expect(refused.json.scriptErrors[0]).toMatchObject({ file: "common/bad.py", line: 2 });
    const latin = { path: "l.py", content: Buffer.from("# \u00e4", "latin1").toString("base64") };
    const undecodable = await call("POST", "/v1/scripts/check", {
      body: { files: [...PROJECT, { ...latin, encoding: "base64" }] },
    });
    expect(undecodable.json.errors).toEqual([{ file: "l.py", message: "is not UTF-8" }]);
    expect((await call("GET", path)).status).toBe(404);
  });

  test("warns of a script without users, and of settings of Locust that do not count", async () => {
    const check = async (files: object[]) =>
      (await call("POST", "/v1/scripts/check", { body: { files } })).json;
    const empty = await check([{ path: "locustfile.py", content: "x = 1\n" }]);
    expect(empty.warnings[0].message).toMatch(/no User class/);
    const settings = await check([
      ...PROJECT,
      { path: "locust.conf", content: "headless = true" },
      { path: "pyproject.toml", content: "[tool.locust]\nusers = 5\n" },
    ]);
    expect(settings.ok).toBe(true);
    expect(settings.warnings.map(({ file }: { file: string }) => file)).toEqual([
      "locust.conf",
      "pyproject.toml",
    ]);
  });
});

const RUN = { path: "locustfile.py", content: SCRIPT };

test.each<[object, string, RegExp]>([
  [{}, "content", /required/],
  [{ content: SCRIPT, files: [RUN] }, "files", /one of them/],
  [{ content: SCRIPT, entrypoint: "a.py" }, "entrypoint", /files/],
  [{ files: [] }, "files", /at least 1/],
  [{ files: [{ path: "a.py", content: "" }] }, "entrypoint", /locustfile\.py/],
  [{ files: [RUN], entrypoint: "a.py" }, "entrypoint", /no a\.py/],
  [{ files: [RUN, { path: "a.txt", content: "" }], entrypoint: "a.txt" }, "entrypoint", /\.py/],
  [{ files: [RUN, { path: "../a", content: "" }] }, "files[1].path", /\.\./],
  [{ files: [RUN, { path: "/a", content: "" }] }, "files[1].path", /relative/],
  [{ files: [RUN, { path: "locust.py", content: "" }] }, "files[1].path", /hide Locust/],
  [{ files: [RUN, RUN] }, "files[1].path", /twice/],
  [{ files: [RUN, { path: "LOCUSTFILE.py", content: "" }] }, "files[1].path", /case/],
  [
    { files: [RUN, { path: "a/b", content: "" }, { path: "a", content: "" }] },
    "files[2].path",
    /folder/,
  ],
  [{ files: [RUN, { path: "a" }] }, "files[1].content", /required/],
  [{ files: [RUN, { path: "a", content: "x", encoding: "utf8" }] }, "files[1].encoding", /base64/],
  [{ files: [RUN, { path: "a", content: "x", encoding: "base64" }] }, "files[1].content", /base64/],
  [{ files: [RUN, { path: "a", content: "\ud800" }] }, "files[1].content", /Unicode/],
  [{ files: [RUN, { path: "a", content: "", mode: 1 }] }, "files[1].mode", /known field/],
  [{ files: [RUN], requirements: "faker" }, "requirements", /not supported/],
])("refusal %#, of a script as it may not be, names the field", async (body, field, message) => {
  const path = await newScriptPath();
  const refused = await call("PUT", path, { body });
  expect([refused.status, refused.json.errors]).toEqual([
    400,
    [{ field, message: expect.stringMatching(message) }],
  ]);
  expect((await call("GET", path)).status).toBe(404);
});

test("a JSON body of scripts may have 16 MiB, and 1000 files; other bodies keep their limit", async () => {
  const path = await newScriptPath();
  const content = "x".repeat(1 << 20);
  const files = (count: number) => [
    RUN,
    ...Array.from({ length: count }, (_, index) => ({ path: `data/${index}.txt`, content })),
  ];
  expect((await call("PUT", path, { body: { files: files(5) } })).status).toBe(201);
  expect((await call("POST", "/v1/scripts/check", { body: { files: files(5) } })).status).toBe(200);
  expect((await call("PUT", path, { body: { files: files(17) } })).status).toBe(413);
  const many = Array.from({ length: 1000 }, (_, index) => ({ path: `${index}`, content: "" }));
  const refused = await call("PUT", path, { body: { files: [RUN, ...many] } });
  expect([refused.status, refused.json.errors[0]]).toMatchObject([400, { field: "files" }]);
  const large = { ...LOAD_TEST, description: content };
  expect((await call("POST", "/v1/load-tests", { body: large })).status).toBe(413);
});
