import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { zipOf } from "@load-manager/server/lib/zip.ts";

type Package = {
  readonly name: string;
  readonly version: string;
  /** The text of its only module. */
  readonly module: string;
  readonly needs?: readonly string[];
};

/** A wheel: a pure Python package as pip installs it. */
const wheelOf = ({ name, version, module, needs = [] }: Package): Promise<Uint8Array> => {
  const info = `${name}-${version}.dist-info`;
  const metadata = ["Metadata-Version: 2.1", `Name: ${name}`, `Version: ${version}`];
  const files = {
    [`${name}.py`]: module,
    [`${info}/METADATA`]: [...metadata, ...needs.map((one) => `Requires-Dist: ${one}`), ""].join(
      "\n",
    ),
    [`${info}/WHEEL`]:
      "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join("");
  const all = { ...files, [`${info}/RECORD`]: record };
  return zipOf(
    new Map(Object.entries(all).map(([path, text]) => [path, Buffer.from(text)])),
    new Date(),
  );
};

/** A package index on loopback, which counts its downloads. */
export const startIndex = async (packages: readonly Package[]) => {
  const wheels = new Map<string, Uint8Array>();
  for (const one of packages) {
    wheels.set(`${one.name}-${one.version}-py3-none-any.whl`, await wheelOf(one));
  }
  const downloads: string[] = [];
  let delayMs = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const [, project] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
    const wheel = wheels.get(path.slice("/files/".length));
    if (wheel !== undefined) {
      downloads.push(path);
      void sleep(delayMs).then(() => response.end(wheel));
    } else if (project === undefined) response.writeHead(404).end();
    else {
      const links = [...wheels]
        .filter(([file]) => file.startsWith(`${project.replaceAll("-", "_")}-`))
        .map(([file, bytes]) => {
          const hash = createHash("sha256").update(bytes).digest("hex");
          return `<a href="/files/${file}#sha256=${hash}">${file}</a>`;
        });
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!DOCTYPE html><html><body>${links.join("")}</body></html>`);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    /** What a server is started with, so that its pip asks this index and nothing else. */
    env: {
      PIP_INDEX_URL: `http://reader:word-of-index@127.0.0.1:${port}/simple/`,
      PIP_CONFIG_FILE: "/dev/null",
      PIP_FIND_LINKS: "",
      PIP_EXTRA_INDEX_URL: "",
      PIP_NO_CACHE_DIR: "1",
      PIP_RETRIES: "0",
    },
    downloads,
    slow: (ms: number): void => {
      delayMs = ms;
    },
    close: (): Promise<void> =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};
