import { freePort, startLocust } from "../attached-locust.ts";
import { startFaultProxy } from "../fault-proxy.ts";
import { LOCUSTS, SCOPE, type Server } from "../harness.ts";
import { openWorld, type Store } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
export const TOKEN = "callback-token";

/** A Locust that the server does not start, with a fault proxy in each direction between the two. */
export const openAttached = async (
  store: Store,
  options: {
    readonly failpoint?: string;
    readonly plugin?: boolean;
    readonly workers?: number;
    /** Another proxy in front of the server's port, for what the plugin sends. */
    readonly before?: (port: number) => Promise<{ port: number; close: () => Promise<void> }>;
  } = {},
) => {
  const world = await openWorld(store, python);
  const { plugin = true, workers = 2 } = options;
  const port = await freePort();
  const before = await options.before?.(port);
  const toServer = await startFaultProxy(before?.port ?? port);
  const start = (ports?: { web: number; master: number }) =>
    startLocust({
      python,
      folder: `${world.folder}/locust`,
      plugin,
      workers,
      script: world.locustfile,
      serverUrl: `http://127.0.0.1:${toServer.port}`,
      ...(ports === undefined ? {} : { ports }),
    });
  let locust = await start();
  const toLocust = await startFaultProxy(locust.ports.web);
  world.closers.push(async () => {
    await locust.stop();
    await toLocust.close();
    await toServer.close();
    await before?.close();
  });
  const config = (tokens: string): string => `${world.storeConfig()}
server: { callbackUrls: ["http://127.0.0.1:${toServer.port}"] }
locustClusters:
  - { id: attached, baseUrl: "http://127.0.0.1:${toLocust.port}", accountId: ${SCOPE.accountId}, orgId: ${SCOPE.orgId}, projectId: ${SCOPE.projectId} }
security: { locustCallbackToken: ${tokens} }
`;
  const server = await world.serve({
    port,
    ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
    config: config(TOKEN),
  });
  return {
    world,
    server,
    toServer,
    toLocust,
    config,
    locust: () => locust,
    restartLocust: async () => {
      const { ports } = locust;
      await locust.stop();
      locust = await start(ports);
    },
  };
};

export const begin = async (
  { world, server }: { world: Awaited<ReturnType<typeof openWorld>>; server: Server },
  durationSeconds: number,
) => {
  const loadTestId = await world.define(server);
  const body = { targetUsers: 6, spawnRate: 6, durationSeconds };
  return server.client.createRun({ params: { loadTestId }, body });
};
