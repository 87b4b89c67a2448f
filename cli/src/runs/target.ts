import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import { loadTestsNamed, type Scope } from "../remote/load-test.ts";
import { answered } from "../remote/remote.ts";
import { readScript } from "../tests/local-files.ts";

/** A locustfile or a project on this machine: its files, and a name for its load test. */
export type LocalScript = {
  readonly name: string;
  readonly entrypoint: string;
  readonly files: ReadonlyMap<string, Buffer>;
};

/** `undefined` where the argument is no file and no folder: then it names a load test. */
export const localScriptAt = (
  path: string,
  entrypoint = DEFAULT_ENTRYPOINT,
): LocalScript | undefined => {
  if (!existsSync(path)) {
    if (!path.endsWith(".py") && !path.includes("/")) return undefined;
    throw new AppError("validation", `There is no file and no folder ${path}.`);
  }
  const name = basename(resolve(path)).replace(/\.py$/, "");
  if (statSync(path).isFile()) {
    return {
      name,
      entrypoint: basename(path),
      files: new Map([[basename(path), readFileSync(path)]]),
    };
  }
  const files = readScript(path);
  if (files.has(entrypoint)) return { name, entrypoint, files };
  const detail = `There is no ${entrypoint} in ${path}; --entrypoint names the file that Locust runs.`;
  throw new AppError("validation", detail);
};

/** Saves a script as the load test of its name in a scope, which is made where there is none. */
export const savedScript = async (
  client: Client,
  script: LocalScript,
  place: { readonly scope: Scope; readonly targetUrl: string | undefined; readonly name?: string },
): Promise<LoadTestAnswer> => {
  const { scope, targetUrl, name = script.name } = place;
  const [known] = await loadTestsNamed(client, name, scope);
  if (known === undefined && targetUrl === undefined) {
    throw new AppError(
      "validation",
      `--target-url names the target: there is no load test ${name} yet that has one.`,
    );
  }
  const loadTest =
    known ??
    (await answered(
      client.createLoadTest({ body: { ...scope, name, targetUrl: targetUrl ?? "" } }),
    ));
  const saved = await answered(
    client.saveScript({
      params: { loadTestId: loadTest.id },
      query: { entrypoint: script.entrypoint },
      body: await zipOf(script.files, new Date()),
    }),
  );
  return { ...loadTest, latestRevisionId: saved.id };
};
