// Finds a Python with Locust: a new environment if that can be created, else one of the machine.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  capture,
  digest,
  locked,
  readMark,
  ROOT,
  say,
  Stop,
  TOOLS_FOLDER,
  writeMark,
} from "./steps.mjs";

const NEWEST = "2.47.0";
const OLDEST = "2.12.1";
const COMMANDS = [
  "python3.13",
  "python3.12",
  "python3.11",
  "python3",
  "python3.10",
  "python3.9",
  "/usr/bin/python3",
];

/** The newest Locust for each Python: [first Python version, requirement]. */
const BY_PYTHON = [
  [[3, 11], `locust==${NEWEST}`],
  [[3, 10], "locust>=2.34,<2.46"],
  [[3, 9], "locust>=2.26,<2.34"],
];

/** The Locust for a Python of this version; `undefined` below 3.9. */
export const requirementFor = ([major, minor]) =>
  BY_PYTHON.find(([[, first]]) => major === 3 && minor >= first)?.[1];

/** The order in which Pythons are tried: those with the newest Locust first, then as found. */
export const ranked = (pythons) =>
  pythons
    .filter(({ version }) => requirementFor(version) !== undefined)
    .toSorted((a, b) => Math.min(b.version[1], 11) - Math.min(a.version[1], 11));

const PROBE = "import sys; print(sys.executable); print(sys.version_info[0], sys.version_info[1])";

export const findPythons = () => {
  const seen = new Set();
  return COMMANDS.flatMap((command) => {
    const { ok, out } = capture(command, ["-c", PROBE], { timeout: 15_000 });
    const [path, version] = out.split("\n");
    if (!ok || path === undefined || version === undefined || seen.has(path)) return [];
    seen.add(path);
    return [{ path, version: version.split(" ").map(Number) }];
  });
};

/** Debian's package of 2.12.1 does not report its version. */
const locustOf = (python) => {
  const { ok, out } = capture(
    python,
    ["-c", `import locust; print(locust.__version__ or "${OLDEST}")`],
    {
      timeout: 60_000,
      env: { ...process.env, PYTHONPATH: "" },
    },
  );
  return ok ? out.split("\n").at(-1) : undefined;
};

/** A digest of the requirements of an environment. It has the text of a requirements file, not its path, since checkouts at different paths share environments. */
export const keyOf = (python, requirements) =>
  digest(
    python.path,
    ...requirements.map((one) => (existsSync(one) ? readFileSync(one, "utf8") : one)),
  );

/** Creates an environment with these requirements, also if an earlier attempt was interrupted. → { python }, or { why } */
export const makeEnvironment = (name, python, requirements) => {
  const folder = join(TOOLS_FOLDER, name);
  const own = join(folder, "bin/python");
  const mark = join(folder, ".complete");
  const wanted = keyOf(python, requirements);
  if (readMark(mark) === wanted && existsSync(own)) return { python: own };
  say(`Creating a Python environment with ${name} (Python ${python.version.join(".")}) …`);
  rmSync(folder, { recursive: true, force: true });
  const made = capture(python.path, ["-m", "venv", folder]);
  if (!made.ok) return { why: `${python.path} cannot create an environment (venv is missing)` };
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const limits = ["--retries", "1", "--timeout", "15"];
  const installed = capture(own, [...pip, ...limits, ...requirements]);
  if (!installed.ok) {
    const reason =
      installed.all.split("\n").findLast((line) => line.startsWith("ERROR")) ?? "pip failed";
    rmSync(folder, { recursive: true, force: true });
    return { why: `pip could not install ${name} (${reason.slice(0, 200)})` };
  }
  writeMark(mark, wanted);
  return { python: own };
};

/** The pinned requirements are for Python 3.11 and newer; an older one gets compatible versions. */
const requirementsFor = (python) =>
  python.version[1] >= 11
    ? ["-r", join(ROOT, `tools/locust-${NEWEST}.txt`)]
    : [requirementFor(python.version)];

const MARK = join(TOOLS_FOLDER, "python.json");

const remembered = (key) => {
  const known = JSON.parse(readMark(MARK) ?? "null");
  return known?.key === key && existsSync(known.python) ? known : undefined;
};

/**
 * The Python of local clusters: LOAD_MANAGER_PYTHON, else an environment with the newest Locust for a Python of this machine,
 * else a Python that has Locust installed. → { python, locust }
 */
export const ensurePython = async () => {
  const given = process.env.LOAD_MANAGER_PYTHON;
  if (given !== undefined) {
    const locust = locustOf(given);
    if (locust === undefined)
      throw new Stop(`LOAD_MANAGER_PYTHON is ${given}, which cannot import locust.`);
    return { python: given, locust };
  }
  const key = digest(
    readFileSync(join(ROOT, `tools/locust-${NEWEST}.txt`), "utf8"),
    process.env.PATH ?? "",
  );
  const known = remembered(key);
  if (known !== undefined) return known;
  return locked("python", async () => {
    const found = remembered(key) ?? search();
    writeMark(MARK, JSON.stringify({ key, ...found }));
    const again =
      found.source === "machine" ? `; delete ${MARK} to try to install a newer one` : "";
    say(`Locust ${found.locust} (${found.python})${again}`);
    return found;
  });
};

const search = () => {
  const pythons = findPythons();
  const reasons = [];
  for (const python of ranked(pythons)) {
    const made = makeEnvironment(`locust-${NEWEST}`, python, requirementsFor(python));
    const locust = made.python === undefined ? undefined : locustOf(made.python);
    if (locust !== undefined) return { python: made.python, locust, source: "environment" };
    reasons.push(made.why ?? "Locust does not start there");
    if ((made.why ?? "").startsWith("pip")) break;
  }
  for (const { path } of pythons) {
    const locust = locustOf(path);
    if (locust === undefined) continue;
    say(
      `${reasons[0] ?? "No environment could be created"}; using the Locust installed on this machine.`,
    );
    return { python: path, locust, source: "machine" };
  }
  throw new Stop(
    [
      "Locust is not installed, and cannot be installed:",
      ...new Set(reasons.length > 0 ? reasons : ["no Python from 3.9 on was found"]),
      "Install Python 3.11 with venv and pip (Debian: apt install python3-venv python3-pip) and try again with a",
      "network, or install a Locust (Debian: apt install python3-locust; else: pip install locust).",
    ].join("\n  "),
  );
};

/** The oldest supported Locust, for the tests. → { python }, or { why } if this machine cannot have it */
export const ensureOldestLocust = () => {
  const given = process.env.LOAD_MANAGER_TEST_PYTHON_212;
  if (given !== undefined) return { python: given };
  return locked("oldest", async () => {
    for (const python of findPythons().filter(
      ({ version: [, minor] }) => minor >= 9 && minor <= 11,
    )) {
      const made = makeEnvironment(`locust-${OLDEST}`, python, [
        "-r",
        join(ROOT, `tools/locust-${OLDEST}.txt`),
      ]);
      if (made.python !== undefined) return made;
    }
    const debian = "/usr/bin/python3";
    if (locustOf(debian) === OLDEST) return { python: debian };
    return { why: `Locust ${OLDEST} needs a Python from 3.9 to 3.11, and pip` };
  });
};

export const hasPytest = (python) =>
  capture(python, ["-m", "pytest", "--version"], { timeout: 60_000 }).ok;
