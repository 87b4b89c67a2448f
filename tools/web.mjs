// The page of the server (web/): built when its sources, the contract or the packages have changed since the last build.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { collected, digest, filesOf, locked, readMark, ROOT, say, writeMark } from "./steps.mjs";

const DIST = join(ROOT, "web/dist");
const BUILDING = join(ROOT, "web/.building");
const MARK = "build.txt";

/** Names everything that the page is made of. */
const keyOf = () => {
  const sources = [
    ...filesOf(/\.(ts|tsx|css|html|svg|json)$/, join(ROOT, "web")),
    ...filesOf(/\.ts$/, join(ROOT, "contract/src")),
    "package-lock.json",
  ].filter((file) => !/\.test\.tsx?$/.test(file));
  return digest(...sources.flatMap((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
};

/** Beside each text asset its compressed form, which the server sends as it is. */
const compress = (folder) => {
  for (const name of readdirSync(folder).filter((file) => /\.(js|css|svg)$/.test(file)))
    writeFileSync(
      join(folder, `${name}.gz`),
      gzipSync(readFileSync(join(folder, name)), { level: 9 }),
    );
};

/**
 * Builds the page in a folder of its own and puts it in place when it is whole. → whether there is a page; without one the
 * server works, and says where its documentation is.
 */
export const ensureWeb = async ({ node, env }) => {
  const isCurrent = () => readMark(join(DIST, MARK)) === keyOf();
  if (isCurrent()) return true;
  return locked("web", async () => {
    if (isCurrent()) return true;
    say("Building the page …");
    rmSync(BUILDING, { recursive: true, force: true });
    const key = keyOf();
    const vite = join(ROOT, "node_modules/vite/bin/vite.js");
    const args = ["build", join(ROOT, "web"), "--outDir", BUILDING, "--logLevel", "error"];
    const { ok, output } = await collected(node, [vite, ...args], env);
    if (!ok) {
      rmSync(BUILDING, { recursive: true, force: true });
      say(`The page could not be built; the server starts without it.\n${output}`);
      return false;
    }
    compress(join(BUILDING, "assets"));
    writeMark(join(BUILDING, MARK), key);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(BUILDING, DIST);
    return true;
  });
};
