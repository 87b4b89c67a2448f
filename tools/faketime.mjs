// libfaketime for the tests of wrong clocks. It is GPL, so it is a test tool only and never shipped.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { findPythons, makeEnvironment } from "./python.mjs";
import { capture, locked } from "./steps.mjs";

const REQUIREMENT = "libfaketime==3.0.1";
const FILE = "libfaketime.so.1";

const entries = (folder) => (existsSync(folder) ? readdirSync(folder) : []);

const ofDebian = () =>
  entries("/usr/lib")
    .map((architecture) => join("/usr/lib", architecture, "faketime", FILE))
    .find((file) => existsSync(file));

/** The path of the built library below `lib/pythonX.Y` of an environment. */
const inEnvironment = (python) => {
  const lib = join(dirname(dirname(python)), "lib");
  const inside = `site-packages/libfaketime/vendor/libfaketime/src/${FILE}`;
  return entries(lib)
    .map((version) => join(lib, version, inside))
    .find((file) => existsSync(file));
};

/** With another C library than the one it was built for, it does nothing or crashes the program. */
const works = (file) => {
  const env = { ...process.env, LD_PRELOAD: file, FAKETIME: "-1000000", DONT_FAKE_MONOTONIC: "1" };
  const { ok, out } = capture(process.execPath, ["-p", "Date.now()"], { env, timeout: 15_000 });
  return ok && Math.abs(Date.now() - 1_000_000_000 - Number(out)) < 60_000;
};

/** → { file } of the library, or { why } if this machine cannot have it. */
export const ensureFaketime = () => {
  const given = process.env.LOAD_MANAGER_TEST_FAKETIME ?? ofDebian();
  if (given !== undefined)
    return works(given) ? { file: given } : { why: `${given} does not work` };
  if (process.platform !== "linux") return { why: "libfaketime is set up on Linux only" };
  return locked("faketime", async () => {
    const [python] = findPythons();
    if (python === undefined) return { why: "no Python was found to install it with" };
    const made = makeEnvironment("libfaketime", python, [REQUIREMENT]);
    if (made.python === undefined)
      return { why: `${made.why}; it needs gcc and make, or Debian's package faketime` };
    const file = inEnvironment(made.python);
    return file !== undefined && works(file)
      ? { file }
      : { why: `${REQUIREMENT} does not work here` };
  });
};
