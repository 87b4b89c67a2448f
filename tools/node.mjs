// The project's packages, and a Node that can run it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture, digest, locked, readMark, ROOT, say, Stop, writeMark } from "./steps.mjs";

const NEEDED = 24;

/** Runs `npm ci` if the lockfile has changed since the last installation. */
export const ensurePackages = async () => {
  const mark = join(ROOT, "node_modules/.load-manager-lock");
  const wanted = digest(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  if (readMark(mark) === wanted) return;
  await locked("npm", async () => {
    if (readMark(mark) === wanted) return;
    say("Installing packages (npm ci) …");
    const result = capture("npm", ["ci", "--no-audit", "--no-fund"], { cwd: ROOT });
    if (!result.ok) throw new Stop(`npm ci failed:\n${errorsOf(result.all)}`);
    writeMark(mark, wanted);
  });
};

/** Only npm's errors: its warnings about engines, which do not matter here, would hide them. */
const errorsOf = (output) =>
  output
    .split("\n")
    .filter((line) => line.startsWith("npm error"))
    .slice(0, 12)
    .join("\n") || output;

/** The Node that runs everything except these tools. */
export const findNode = () => {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  const bundled = join(ROOT, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(bundled)) return bundled;
  throw new Stop(
    `Load Manager needs Node ${NEEDED} or newer. This is Node ${process.versions.node}, and npm has none for ${process.platform} ${process.arch}; install Node ${NEEDED} from https://nodejs.org.`,
  );
};
