import type { OpenDemo } from "@load-manager/server/server.ts";
import type { Shop } from "../../../examples/shop/shop.ts";

const LOAD = { targetUsers: 20, spawnRate: 5, durationSeconds: 60 };

/** Starts the demo shop at the first demo that a person starts in the page; it closes with the server. */
export const openDemo: OpenDemo = (address) => {
  let shop: Promise<Shop> | undefined;
  return {
    launch: async ({ load, clusterId, key }) => {
      // A server starts sooner without them.
      const [{ createClient }, { startShop }, { saveDemoLoadTest }] = await Promise.all([
        import("@load-manager/contract/api/client.ts"),
        import("../../../examples/shop/shop.ts"),
        import("./demo-load-test.ts"),
      ]);
      const opening = (shop ??= startShop());
      opening.catch(() => (shop = undefined));
      const { url } = await opening;
      const client = createClient({ baseUrl: address });
      const loadTestId = await saveDemoLoadTest(client, clusterId, url);
      const body = { ...LOAD, ...load };
      const run = await client.createRun({ params: { loadTestId }, body, idempotencyKey: key });
      return { runId: run.id };
    },
    close: async () => {
      const opened = await shop?.catch(() => undefined);
      await opened?.close();
    },
  };
};
