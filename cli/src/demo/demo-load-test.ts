import { readFile } from "node:fs/promises";
import type { Client } from "@load-manager/contract/api/http-client.ts";

export const DEMO_SCOPE = { accountId: "demo", orgId: "demo", projectId: "demo" };
const NAME = "Demo shop";
const LOCUSTFILE = new URL("../../../examples/shop/locustfile.py", import.meta.url);

/** The load test of an earlier demo. */
export const findDemoLoadTest = async (client: Client) => {
  const { items } = await client.listLoadTests({
    query: { ...DEMO_SCOPE, q: NAME, limit: 200 },
  });
  return items.find(({ name }) => name === NAME);
};

/** Updates the load test of an earlier demo, or creates it. → its id */
export const saveDemoLoadTest = async (
  client: Client,
  clusterId: string,
  targetUrl: string,
): Promise<string> => {
  const content = await readFile(LOCUSTFILE, "utf8");
  const known = await findDemoLoadTest(client);
  if (known === undefined) {
    const created = await client.createLoadTest({
      body: {
        ...DEMO_SCOPE,
        name: NAME,
        description: "A small shop on the server’s machine, to try Load Manager with.",
        targetUrl,
        locustClusterId: clusterId,
        locustfile: content,
      },
    });
    return created.id;
  }
  const params = { loadTestId: known.id };
  await client.updateLoadTest({ params, body: { targetUrl, locustClusterId: clusterId } });
  await client.saveScript({ params, body: { content } });
  return known.id;
};
