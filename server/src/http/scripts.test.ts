import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { ClusterConfig } from "../clusters/select-cluster.ts";
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
  });

  test("is checked as a zip archive too, with the rest in the query", async () => {
    const path = await newScriptPath();
    const [, , , loadTestId] = path.split("/");
    const send = async (query: string, content: string) => {
      const answer = await app.http.inject({
        method: "POST",
        url: `/v1/scripts/check${query}`,
        headers: { host: "127.0.0.1", "content-type": "application/zip" },
        payload: zipOf([
          { path: "load/main.py", content: Buffer.from(content) },
          { path: "data.bin", content: Buffer.from(BYTES) },
        ]),
      });
      return [answer.statusCode, answer.json()] as const;
    };
    const found = await send("?entrypoint=load/main.py", "def x(:\n");
    expect(found).toMatchObject([200, { ok: false, errors: [{ file: "load/main.py", line: 1 }] }]);
    const of = await send(`?entrypoint=load/main.py&loadTestId=${loadTestId}`, SCRIPT);
    expect(of).toMatchObject([200, { ok: true, errors: [] }]);
    expect(of[1].notImportedReason).not.toBe(
      (await send("?entrypoint=load/main.py", SCRIPT))[1].notImportedReason,
    );
    for (const [query, field] of [
      ["", "entrypoint"],
      [`?loadTestId=${loadTestId}&accountId=a`, "accountId"],
      ["?accountId=a", "orgId"],
      ["?scriptRevisionId=a", "scriptRevisionId"],
    ] as const) {
      const refused = await send(query, SCRIPT);
      expect(refused).toMatchObject([
        400,
        { errors: expect.arrayContaining([expect.objectContaining({ field })]) },
      ]);
    }
    const body = { content: SCRIPT };
    const both = await call("POST", `/v1/scripts/check?loadTestId=${loadTestId}`, { body });
    expect([both.status, both.json.errors[0].field]).toEqual([400, "loadTestId"]);
  });

  test("that is too large is refused with the limit, and the form that may be larger", async () => {
    const path = await newScriptPath();
    const large = { files: [{ path: "locustfile.py", content: "#".repeat(17 << 20) }] };
    for (const [method, url] of [
      ["PUT", path],
      ["POST", "/v1/scripts/check"],
    ] as const) {
      const refused = await call(method, url, { body: large });
      expect([refused.status, refused.json.detail]).toEqual([
        413,
        "The body is larger than the 16 MiB that this endpoint accepts. Send the script as a zip archive (Content-Type: application/zip), of at most 50 MiB.",
      ]);
    }
    const headers = { host: "127.0.0.1", "content-type": "application/zip" };
    const payload = Buffer.alloc((50 << 20) + 1);
    const zipped = await app.http.inject({ method: "PUT", url: path, headers, payload });
    expect([zipped.statusCode, zipped.json().detail]).toEqual([
      413,
      "The body is larger than the 50 MiB that this endpoint accepts.",
    ]);
    const body = { ...LOAD_TEST, description: "x".repeat(2 << 20) };
    const { json } = await call("POST", "/v1/load-tests", { body });
    expect(json.detail).toMatch(/^The body is larger than the [\d.]+ MiB that this .* accepts\.$/);
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
  [{ files: [] }, "files", /at least 1 file/],
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
  [{ files: [RUN], requirements: 1 }, "requirements", /text of a requirements.txt/],
  [
    { files: [RUN], requirements: "faker\n-r /etc/passwd\n" },
    "requirements",
    /requirements.txt, line 2: is an option of pip/,
  ],
  [
    { content: SCRIPT, requirements: "git+https://example.com/a.git" },
    "requirements",
    /line 1: names a place/,
  ],
  [
    { files: [RUN, { path: "requirements.txt", content: "\n-e .\n" }] },
    "files[1].content",
    /requirements.txt, line 2: is an option/,
  ],
  [
    { files: [RUN, { path: "requirements.txt", content: "/w==", encoding: "base64" }] },
    "files[1].content",
    /UTF-8/,
  ],
  [
    { files: [RUN, { path: "requirements.txt", content: "a" }], requirements: "b" },
    "requirements",
    /differ/,
  ],
  [
    { files: [RUN, { path: "Requirements.txt", content: "a" }], requirements: "a" },
    "requirements",
    /in case/,
  ],
  [{ files: [RUN], requirements: `#${"a".repeat(65_536)}` }, "requirements", /64 KiB/],
])("refusal %#, of a script as it may not be, names the field", async (body, field, message) => {
  const path = await newScriptPath();
  const refused = await call("PUT", path, { body });
  expect([refused.status, refused.json.errors]).toEqual([
    400,
    [{ field, message: expect.stringMatching(message) }],
  ]);
  expect((await call("GET", path)).status).toBe(404);
});

describe("the requirements of a script", () => {
  test("are its file requirements.txt, and part of what makes a revision", async () => {
    const path = await newScriptPath();
    const save = (body: object) => call("PUT", path, { body });
    const file = { path: "requirements.txt", content: "faker==30.1\n" };
    const none = await save({ files: [RUN] });
    expect(none.json).not.toHaveProperty("requirements");
    const one = await save({ files: [RUN, file] });
    expect([one.json.revisionNumber, one.json.requirements]).toEqual([2, file.content]);
    for (const same of [
      { files: [RUN], requirements: file.content },
      { files: [RUN, file], requirements: file.content },
      { content: RUN.content, requirements: file.content },
    ]) {
      const saved = await save(same);
      expect([saved.status, saved.json.id]).toEqual([200, one.json.id]);
    }
    const other = await save({ files: [RUN], requirements: "faker==30.2\n" });
    expect([other.json.revisionNumber, other.json.sha256 === one.json.sha256]).toEqual([3, false]);
    const listed = (await call("GET", `${path}/revisions`)).json.items;
    expect(listed.map(({ requirements }: { requirements?: string }) => requirements)).toEqual([
      "faker==30.2\n",
      "faker==30.1\n",
      undefined,
    ]);
  });

  test("are checked without a save, by line", async () => {
    const body = { content: SCRIPT, requirements: "faker\n./mine\n" };
    const { json } = await call("POST", "/v1/scripts/check", { body });
    expect(json).toMatchObject({
      ok: false,
      errors: [{ file: "requirements.txt", line: 2, message: expect.stringContaining("place") }],
    });
  });

  test("are refused at a run where the cluster installs no packages, and nothing is made", async () => {
    const local = { id: "local", kind: "local", scope: {}, maxConcurrentRuns: 1, workers: 1 };
    const on = async (cluster: Record<string, unknown>, requirements: string) => {
      const other = testApp((config) => ({
        ...config,
        locustClusters: [{ ...local, ...cluster } as ClusterConfig],
      }));
      const { json: loadTest } = await other.call("POST", "/v1/load-tests", { body: LOAD_TEST });
      const at = `/v1/load-tests/${loadTest.id}`;
      await other.call("PUT", `${at}/script`, { body: { content: SCRIPT, requirements } });
      const answer = await other.call("POST", `${at}/runs`, { body: {} });
      const runs = await other.call("GET", "/v1/runs");
      const events =
        answer.status === 201
          ? (await other.call("GET", `/v1/runs/${answer.json.id}/events`)).json.items
          : [];
      await other.app.close();
      return { answer, runs: runs.json.items.length, events };
    };
    const refused = await on({}, "faker\n");
    expect([refused.answer.status, refused.answer.json.errors, refused.runs]).toEqual([
      400,
      [{ field: "requirements", message: expect.stringContaining("allowPackages") }],
      0,
    ]);
    expect((await on({ allowPackages: true }, "faker\n")).answer.status).toBe(201);
    expect((await on({}, "# none\n")).answer.status).toBe(201);
    // An attached cluster gets neither script nor packages, and says so; its run names no revision.
    const scope = { accountId: "acme", orgId: "web", projectId: "shop" };
    const attached = { kind: "attached", baseUrl: "http://127.0.0.1:1", scope };
    const { answer, events } = await on(attached, "faker\n");
    for (const field of ["scriptRevisionId", "scriptRevisionNumber", "scriptSha256"])
      expect(answer.json).not.toHaveProperty(field);
    expect([answer.status, events]).toMatchObject([
      201,
      expect.arrayContaining([
        expect.objectContaining({
          type: "script_not_sent",
          message: expect.stringContaining("with its packages"),
        }),
      ]),
    ]);
  });
});

test("a revision is downloaded as an archive, which saved again is the same script", async () => {
  const path = await newScriptPath();
  const requirements = { path: "requirements.txt", content: "faker\n" };
  const saved = await call("PUT", path, { body: { files: [...PROJECT, requirements] } });
  const url = `${path}/revisions/${saved.json.id}/archive`;
  const archive = await app.http.inject({ url, headers: { host: "127.0.0.1" } });
  expect(archive.headers).toMatchObject({
    "content-type": "application/zip",
    "content-disposition": 'attachment; filename="script-revision-1.zip"',
  });
  const again = await app.http.inject({
    method: "PUT",
    url: path,
    headers: { host: "127.0.0.1", "content-type": "application/zip" },
    payload: archive.rawPayload,
  });
  expect([again.statusCode, again.json().id]).toEqual([200, saved.json.id]);
  const elsewhere = await newScriptPath();
  const foreign = await call("GET", `${elsewhere}/revisions/${saved.json.id}/archive`);
  expect(foreign.status).toBe(404);
  expect((await call("HEAD", url)).text).toBe("");
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
