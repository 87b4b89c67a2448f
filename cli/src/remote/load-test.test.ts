import { expect, test } from "vitest";
import { cliServer } from "../testing/cli-server.ts";
import { loadTestOf, loadTestsIn } from "./load-test.ts";

const server = cliServer();
const SCOPE = { accountId: "acme", orgId: "web", projectId: "shop" };

test("a load test is found by its name among more than one page of others, and not in an environment", async () => {
  const client = server.client();
  const create = (name: string, envId?: string) =>
    client.createLoadTest({
      body: {
        ...{ ...SCOPE, name, targetUrl: "http://127.0.0.1:9" },
        ...(envId === undefined ? {} : { envId }),
      },
    });
  const { id } = await create("Shop");
  for (let index = 0; index < 205; index += 1) await create(`Shop ${index}`);
  await create("Shop", "staging");
  expect((await loadTestOf(client, "Shop", SCOPE)).id).toBe(id);
  expect(await loadTestsIn(client, SCOPE)).toHaveLength(206);
  await expect(loadTestOf(client, "Shop", undefined)).rejects.toThrow(
    "2 load tests have the name Shop",
  );
});
