import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  type Server,
  startServer,
} from "./harness.ts";

const DOCUMENT = readFileSync(join(ROOT, "docs/ci.md"), "utf8");

/** The code of a section, one block for each ``` of the document. */
const blocksOf = (section: string): string[] => {
  const [, after = ""] = DOCUMENT.split(`\n## ${section}\n`);
  const [text = ""] = after.split("\n## ");
  return [...text.matchAll(/```\w+\n(.*?)```/gs)].map(([, code = ""]) => code);
};
const blockOf = (section: string): string => {
  const blocks = blocksOf(section);
  expect(blocks).toHaveLength(1);
  return blocks[0] ?? "";
};

type Variables = Readonly<Record<string, string>>;
type Workflow = {
  readonly env: Variables;
  readonly jobs: Readonly<Record<string, { readonly steps: { run?: string; if?: string }[] }>>;
};
type GitlabJob = Readonly<Record<"before_script" | "script", string[]>> & {
  readonly variables: Variables;
  readonly artifacts: { readonly when: string; readonly reports: { readonly junit: string } };
};

/** How a system runs what a recipe tells it: each script in a shell of its own, the next one if that ended with 0. */
type Recipe = {
  readonly shell: readonly string[];
  readonly scripts: readonly string[];
  /** The variables that the recipe itself sets. */
  readonly variables: Variables;
  /** Those of the system. */
  readonly system: (workspace: string) => Variables;
};

const github = (): Recipe => {
  const { env, jobs } = parse(blockOf("GitHub Actions")) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  return {
    shell: ["bash", "-e"],
    scripts: steps.flatMap(({ run }) => (run === undefined ? [] : [run])),
    variables: env,
    system: (workspace) => ({
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: workspace,
      GITHUB_STEP_SUMMARY: join(workspace, "..", "summary.md"),
    }),
  };
};

const gitlab = (): Recipe => {
  const [job] = Object.values(parse(blockOf("GitLab CI")) as Record<string, GitlabJob>);
  if (job === undefined) throw new Error("no job");
  return {
    shell: ["bash", "-e", "-o", "pipefail"],
    // Its image gets a package of Debian, which is nothing to install on the machine of a test.
    scripts: [
      [...job.before_script, ...job.script]
        .filter((line) => !line.startsWith("apt-get "))
        .join("\n"),
    ],
    variables: job.variables,
    system: (workspace) => ({ CI: "true", GITLAB_CI: "true", CI_PROJECT_DIR: workspace }),
  };
};

const jenkins = (): Recipe => {
  const file = blockOf("Jenkins");
  // In Groovy's ''' a backslash takes away the end of its line.
  const scripts = [...file.matchAll(/\bsh '''(.*?)'''/gs)].map(([, text = ""]) =>
    text.replaceAll("\\\n", ""),
  );
  const [, environment = ""] = /environment \{(.*?)\}/s.exec(file) ?? [];
  const variables = [...environment.matchAll(/(\w+) = '(.*)'/g)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );
  return {
    shell: ["sh", "-xe"],
    scripts,
    variables: Object.fromEntries(variables),
    system: (workspace) => ({ CI: "true", WORKSPACE: workspace, BUILD_NUMBER: "1" }),
  };
};

/** On one's own machine: the lines that set variables, and the others. */
const byHand = (): Recipe => {
  const lines = blockOf("Try it").split("\n");
  const settings = lines.flatMap((line) => {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return {
    shell: ["bash", "-e"],
    scripts: [lines.filter((line) => !line.startsWith("export ")).join("\n")],
    variables: Object.fromEntries(settings),
    system: () => ({}),
  };
};

const RECIPES = {
  "Try it": byHand,
  "GitHub Actions": github,
  "GitLab CI": gitlab,
  Jenkins: jenkins,
};

const INSTALL = "(cd load-manager && npm ci --omit=dev)";
/**
 * What `npm ci` would fetch anew for each recipe, hundreds of megabytes: the packages of this checkout, which are those of the same
 * lockfile. The program's own packages are those of the clone.
 */
const LINK = `rm -rf load-manager/node_modules && mkdir load-manager/node_modules
ln -s ${ROOT}node_modules/* load-manager/node_modules/
rm load-manager/node_modules/@load-manager
cp -a ${ROOT}node_modules/@load-manager load-manager/node_modules/`;

/** The files that the document puts into the repository. */
const writeRepository = (folder: string): void => {
  const [, after = ""] = DOCUMENT.split("\n## What goes into the repository\n");
  const [text = ""] = after.split("\n## ");
  const files = [...text.matchAll(/`([^`\n]+)`:\n\n```\w+\n(.*?)```/gs)];
  expect(files.map(([, name]) => name)).toEqual([
    "load/locustfile.py",
    "gate.criteria",
    ".gitignore",
  ]);
  for (const [, name = "", content = ""] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
};

/** A repository with the files of this checkout as one commit: what is not committed yet is tested, too. */
const publishedIn = (repository: string): Variables => {
  const git = (...args: string[]): string =>
    execFileSync("git", ["--git-dir", repository, "--work-tree", ROOT, ...args], {
      encoding: "utf8",
    }).trim();
  execFileSync("git", ["init", "-q", "--bare", repository]);
  git("add", "-A");
  git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-qm", "all");
  return {
    LOAD_MANAGER_REPOSITORY: `file://${repository}`,
    LOAD_MANAGER_REF: git("rev-parse", "HEAD"),
  };
};

type Ended = { readonly code: number | null; readonly output: string };

const runShell = (shell: readonly string[], script: string, cwd: string, env: Variables) =>
  new Promise<Ended>((resolve, reject) => {
    const [program = "", ...args] = shell;
    const child = spawn(program, [...args, "-c", script], { cwd, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });

/** Runs the scripts of a recipe until one fails, as a system does. */
const follow = async (
  recipe: Pick<Recipe, "shell" | "scripts">,
  workspace: string,
  env: Variables,
  seconds: number,
): Promise<Ended> => {
  let output = "";
  for (const script of recipe.scripts) {
    const shortened = script
      .replace(INSTALL, LINK)
      .replace("--duration 1m", `--duration ${seconds}s`);
    const ended = await runShell(recipe.shell, shortened, workspace, env);
    output += ended.output;
    if (ended.code !== 0) return { code: ended.code, output };
  }
  return { code: 0, output };
};

describe("the recipes of docs/ci.md", () => {
  test("do the same with the same commands", () => {
    // As a shell reads them.
    const linesOf = (name: keyof typeof RECIPES): string[] =>
      RECIPES[name]()
        .scripts.flatMap((script) => script.replaceAll("\\\n", "").split("\n"))
        .map((line) => line.trim().replaceAll(/ +/g, " "))
        .filter((line) => line !== "" && !line.includes(" criteria check "));
    const [lines, ...others] = [linesOf("Try it"), linesOf("GitLab CI"), linesOf("Jenkins")];
    expect(lines).toContain(INSTALL);
    for (const other of others) expect(other).toEqual(lines);
    const summary = (line: string): string =>
      line.replace(
        "--markdown reports/load.md --json reports/load.json",
        '--json reports/load.json --markdown "$GITHUB_STEP_SUMMARY"',
      );
    expect(linesOf("GitHub Actions")).toEqual(lines?.map(summary));
    const [variables, ...alike] = Object.values(RECIPES).map((recipe) => recipe().variables);
    expect(Object.keys(variables ?? {})).toEqual([
      "LOAD_MANAGER_REPOSITORY",
      "LOAD_MANAGER_REF",
      "TARGET_URL",
    ]);
    for (const other of alike) expect(other).toEqual(variables);
  });

  test.each([
    ["GitHub Actions", "github-workflow.json"],
    ["GitLab CI", "gitlab-ci.json"],
  ])(
    "%s: the file is one of its schema, and keeps the reports of a job that fails",
    (name, file) => {
      const schema = JSON.parse(readFileSync(join(ROOT, "e2e/schemas", file), "utf8")) as object;
      // The schemas have keywords of editors, and formats that ajv does not know.
      const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
      const document: unknown = parse(blockOf(name));
      ajv.validate(schema, document);
      expect(ajv.errors ?? []).toEqual([]);
      expect(document).toMatchObject(
        name === "GitHub Actions"
          ? { jobs: { "load-test": { steps: [{}, {}, {}, { if: "always()" }] } } }
          : {
              "load-test": {
                artifacts: { when: "always", reports: { junit: "reports/load.xml" } },
              },
            },
      );
    },
  );

  test("Jenkins: the brackets close, and post keeps the reports of a build that fails", () => {
    const file = blockOf("Jenkins");
    const bare = file.replaceAll(/'''.*?'''|'.*?'/gs, "");
    let depth = 0;
    for (const [bracket] of bare.matchAll(/[{}]/g)) {
      depth += bracket === "{" ? 1 : -1;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
    expect(file).toMatch(
      /^ {2}post \{\n {4}always \{[^}]*archiveArtifacts [^}]*junit 'reports\/load\.xml'/m,
    );
  });
});

// A recipe is followed once; which Locust runs it makes no difference to its commands.
describe.each(LOCUSTS.slice(0, 1))("a gate in an empty repository", ({ python }) => {
  const place = newFolder();
  let shop: Shop;
  let own: Variables;

  beforeAll(async () => {
    shop = await startShop();
    const { LOAD_MANAGER_PYTHON: _, ...rest } = process.env as Record<string, string>;
    own = {
      ...rest,
      LOAD_MANAGER_URL: "",
      LOAD_MANAGER_API_TOKEN: "",
      XDG_CONFIG_HOME: join(place, "none"),
      ...publishedIn(join(place, "product.git")),
      TARGET_URL: shop.url,
      // Where `npm test` has installed Locust, so that the clone need not do it once more.
      LOAD_MANAGER_TOOLS: rest["LOAD_MANAGER_TOOLS"] ?? join(ROOT, ".load-manager-tools"),
    };
  });
  afterAll(async () => {
    await shop.close();
    expectNoProcesses(place);
    removeFolder(place);
  });

  const repositoryOf = (name: string): string => {
    const folder = join(place, name.replaceAll(" ", "-"), "repository");
    mkdirSync(folder, { recursive: true });
    execFileSync("git", ["init", "-q"], { cwd: folder });
    writeRepository(folder);
    return folder;
  };
  const read = (file: string): string => readFileSync(file, "utf8");

  // Their commands are the same, which is tested above: `npm test` follows one, `npm run test:locust` each.
  const followed = Object.entries(RECIPES).filter(
    ([name]) => process.env["LOAD_MANAGER_LOCUST"] === "all" || name === "GitHub Actions",
  );
  test.each(followed)("%s: passes, and fails with its reports", async (name, recipe) => {
    const workspace = repositoryOf(name);
    const { system, ...scripts } = recipe();
    const variables = system(workspace);
    const env = { ...own, ...variables };
    const summary = variables["GITHUB_STEP_SUMMARY"] ?? join(workspace, "reports/load.md");
    if (variables["GITHUB_STEP_SUMMARY"] !== undefined) writeFileSync(summary, "");

    const passed = await follow(scripts, workspace, env, 15);
    expect(passed.output).toContain("Verdict: passed\n");
    expect(passed.code).toBe(0);
    expect(read(join(workspace, "reports/load.xml"))).toContain('failures="0" errors="0"');
    expect(read(summary)).toMatch(/^## ✓ Shop \\#1 passed/);

    // Nothing but the three files is there for git.
    const status = execFileSync("git", ["status", "--short", "-uall"], { cwd: workspace });
    expect(status.toString()).toBe("?? .gitignore\n?? gate.criteria\n?? load/locustfile.py\n");

    // The next pipeline, in a workspace that was kept.
    writeFileSync(join(workspace, "gate.criteria"), "requests < 1\n");
    const failed = await follow(scripts, workspace, env, 5);
    expect(failed.output).toContain("Verdict: failed\n");
    expect(failed.code).toBe(2);
    expect(read(join(workspace, "reports/load.xml"))).toMatch(/failures="1"[^]*<failure /);
    expect(read(summary)).toMatch(/^## ✗ Shop \\#2 failed/);
    expect(JSON.parse(read(join(workspace, "reports/load.json")))).toMatchObject({
      runs: [{ run: { verdict: "failed" } }],
    });
    // A pipeline that does not come to its gate has no reports of an earlier one where its folder is new.
    rmSync(join(workspace, "reports"), { recursive: true });
    const lost = await follow(scripts, workspace, { ...env, LOAD_MANAGER_REF: "no-such-tag" }, 5);
    expect(lost.code).not.toBe(0);
    expect(existsSync(join(workspace, "reports"))).toBe(false);
  });

  test("with a server: its cluster runs the test, with the token of an editor", async () => {
    const workspace = repositoryOf("With a server");
    const dataDir = join(place, "server");
    const config =
      "security:\n  apiToken: token-of-the-admin-123\n  locustCallbackToken: callback-token-1234\n  apiTokens:\n" +
      "    - { name: ci, token: token-of-the-editor-1, role: editor, accountId: acme, orgId: web }\n";
    const server: Server = await startServer({ python, dataDir, config });
    const [first = "", ...rest] = blockOf("With a server").split("\n");
    expect(first).toMatch(/^export LOAD_MANAGER_URL=https:/);
    const env = { ...own, LOAD_MANAGER_URL: server.address };
    symlinkSync(ROOT, join(workspace, "load-manager"));
    const gate = { shell: ["bash", "-e"], scripts: [rest.join("\n")] };
    try {
      const without = await follow(gate, workspace, env, 15);
      expect([without.code, without.output]).toEqual([7, expect.stringContaining("token")]);
      const token = { LOAD_MANAGER_API_TOKEN: "token-of-the-editor-1" };
      const passed = await follow(gate, workspace, { ...env, ...token }, 15);
      expect(passed.output).toContain("Verdict: passed\n");
      expect(passed.code).toBe(0);
      expect(readdirSync(join(workspace, "reports")).toSorted()).toEqual([
        "load.json",
        "load.md",
        "load.xml",
      ]);
      expect(existsSync(join(workspace, ".load-manager"))).toBe(false);
    } finally {
      await server.kill("SIGTERM");
    }
  });
});
