import type { OpenDemo } from "@load-manager/server/server.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { Shop } from "../../../examples/shop/shop.ts";

const LOAD = { targetUsers: 20, spawnRate: 5, durationSeconds: 60 };

/** Starts the demo shop at the first demo that a person starts in the page; it closes with the server. */
export const openDemo: OpenDemo = (address) => {
  let shop: Promise<Shop> | undefined;
  /** A server starts sooner without the modules of the demo. */
  const ownClient = async (): Promise<Client> => {
    const { createClient } = await import("@load-manager/contract/api/client.ts");
    return createClient({ baseUrl: address });
  };
  const openShop = (start: () => Promise<Shop>): Promise<Shop> => {
    const opening = (shop ??= start());
    opening.catch(() => (shop = undefined));
    return opening;
  };
  return {
    launch: async ({ load, clusterId, key }) => {
      const [{ startShop }, { saveDemoLoadTest }] = await Promise.all([
        import("../../../examples/shop/shop.ts"),
        import("./demo-load-test.ts"),
      ]);
      const { url } = await openShop(startShop);
      const client = await ownClient();
      const loadTestId = await saveDemoLoadTest(client, clusterId, url);
      const body = { ...LOAD, ...load };
      const run = await client.createRun({ params: { loadTestId }, body, idempotencyKey: key });
      return { runId: run.id };
    },
    resume: async () => {
      const { findDemoLoadTest } = await import("./demo-load-test.ts");
      const loadTest = await findDemoLoadTest(await ownClient());
      const { hostname, port } = new URL(loadTest?.targetUrl ?? "http://none");
      if (hostname !== "127.0.0.1") return;
      const { startShop } = await import("../../../examples/shop/shop.ts");
      await openShop(() => startShop({ port: Number(port) }));
    },
    close: async () => {
      const opened = await shop?.catch(() => undefined);
      await opened?.close();
    },
  };
};
