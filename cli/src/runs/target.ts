import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { loadTestsNamed } from "../remote/load-test.ts";
import { answered } from "../remote/remote.ts";
import type { LocalScript } from "../tests/local-script.ts";

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
