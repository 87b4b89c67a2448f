import { type Client, ProblemError } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { answered } from "./remote.ts";

export const scopeOf = (text: string): Scope => {
  const [accountId, orgId, projectId, envId, ...more] = text.split("/");
  if (!accountId || !orgId || !projectId || envId === "" || more.length > 0) {
    throw new AppError("validation", "--scope is account/org/project or account/org/project/env.");
  }
  return { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
};

/** Ids of load tests that were migrated may have any form. */
const withId = async (client: Client, id: string): Promise<LoadTestAnswer | undefined> => {
  try {
    return await client.getLoadTest({ params: { loadTestId: id } });
  } catch (error) {
    if (error instanceof ProblemError && [400, 404].includes(error.status)) return undefined;
    throw error;
  }
};

/** The load test with this id, or the only one with this name. */
export const loadTestOf = async (client: Client, wanted: string, scope: Scope | undefined) => {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(wanted)) {
    return answered(client.getLoadTest({ params: { loadTestId: wanted } }));
  }
  const found = await loadTestsNamed(client, wanted, scope);
  const [first, ...others] = found;
  if (first === undefined) {
    const known = await withId(client, wanted);
    if (known !== undefined) return known;
    throw new AppError(
      "not-found",
      `There is no load test, file or folder with the name ${wanted}.`,
    );
  }
  if (others.length > 0) {
    const list = found.map(
      (one) =>
        `  ${one.id}  ${one.accountId}/${one.orgId}/${one.projectId}${one.envId === undefined ? "" : `/${one.envId}`}`,
    );
    throw new AppError(
      "validation",
      `${found.length} load tests have the name ${wanted}; give the id of one, or --scope:\n${list.join("\n")}`,
    );
  }
  return first;
};

export const loadTestsNamed = async (
  client: Client,
  name: string,
  scope: Partial<Scope> = {},
): Promise<LoadTestAnswer[]> => {
  const found = await loadTestsIn(client, scope, name);
  return found.filter((one) => one.name === name);
};

/** All load tests of a scope, that of a project without the environments below it. `q`: a part of their names. */
export const loadTestsIn = async (
  client: Client,
  scope: Partial<Scope>,
  q?: string,
): Promise<LoadTestAnswer[]> => {
  const all: LoadTestAnswer[] = [];
  const wanted = { ...scope, limit: 200, ...(q === undefined ? {} : { q }) };
  for (let cursor: string | undefined; ;) {
    const query = { ...wanted, ...(cursor === undefined ? {} : { cursor }) };
    const page = await answered(client.listLoadTests({ query }));
    all.push(
      ...page.items.filter(({ envId }) => scope.projectId === undefined || envId === scope.envId),
    );
    cursor = page.nextCursor;
    if (cursor === undefined) return all;
  }
};
