import { mkdirSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { type App, createApp } from "./app.ts";
import type { Config, LoadedConfig } from "./config/load-config.ts";
import { hasTokens } from "./config/check.ts";
import { systemClock } from "./lib/clock.ts";
import { AppError, messageOf } from "./lib/errors.ts";
import { uuidV7 } from "./lib/ids.ts";
import { createPeriodic } from "./lib/periodic.ts";
import type { DemoLauncher } from "./http/handlers/demo.ts";
import { readPage } from "./http/page.ts";
import { createMemoryStores } from "./stores/memory/stores.ts";
import { folderError } from "./stores/sqlite/errors.ts";
import { holdFolder } from "./stores/sqlite/folder.ts";
import type { Stores } from "./stores/ports.ts";
import { openSqliteStores } from "./stores/sqlite/stores.ts";
import { VERSION } from "./version.ts";

const PAGE_FOLDER = fileURLToPath(new URL("../../web/dist", import.meta.url));

export type RunningServer = {
  readonly app: App;
  /** Such as `http://127.0.0.1:8800`; of the port that was really taken. */
  readonly address: string;
  /** Resolves with the reason when the opened data are taken away: the server must then end. */
  readonly takenAway: Promise<string>;
  readonly close: () => Promise<void>;
};

/** A demo for people who try the server, at its address; `close` ends what it has started. */
export type OpenDemo = (address: string) => {
  readonly launch: DemoLauncher;
  /** Starts the target of an earlier demo again, so that its load test can run again. */
  readonly resume: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type StartOptions = {
  /** Reads the configuration again, which makes the server reloadable. */
  readonly again?: (() => LoadedConfig) | undefined;
  readonly openDemo?: OpenDemo | undefined;
};

/** Opens the stores, listens, and takes up the runs that are under way. Rejects with AppError, with nothing left open. */
export const startServer = async (
  given: Config,
  log: Logger,
  { again, openDemo }: StartOptions = {},
): Promise<RunningServer> => {
  const config = withRealFolder(given);
  const stores = await openStores(config, log);
  try {
    const page = readPage(PAGE_FOLDER);
    let demo: ReturnType<OpenDemo> | undefined;
    const app = createApp({
      config,
      again,
      stores,
      clock: systemClock,
      ids: uuidV7,
      log,
      page,
      ...(openDemo === undefined
        ? {}
        : {
            launchDemo: (wanted) => {
              demo ??= openDemo(addressOf(app, config.server.host));
              return demo.launch(wanted);
            },
          }),
    });
    const { host, port } = config.server;
    await app.http.listen({ host, port }).catch((error: unknown) => {
      throw listenError(error, host, port);
    });
    const address = addressOf(app, host);
    await app.start(address);
    const server = { holder: app.holder, version: VERSION };
    const { kind: store } = config.store;
    const { publicUrl } = config.server;
    const started = {
      ...server,
      address,
      ...(publicUrl === undefined ? {} : { publicUrl }),
      store,
    };
    log.info({ event: "server_started", ...started }, "The server is ready.");
    if (openDemo !== undefined && !hasTokens(config)) {
      demo ??= openDemo(address);
      demo
        .resume()
        .catch((error: unknown) =>
          log.warn(
            { event: "demo_not_resumed", error: messageOf(error) },
            "The demo shop of an earlier demo could not be started again; the next demo starts another.",
          ),
        );
    }
    const watch = watchData(stores, log);
    return {
      app,
      address,
      takenAway: watch.takenAway,
      close: async () => {
        log.info({ event: "server_stopping", ...server }, "The server is stopping.");
        await watch.stop();
        await app.close();
        await demo?.close();
        await stores.close();
        log.info({ event: "server_stopped", ...server }, "The server has stopped; runs go on.");
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
};

const WATCH_MS = 1000;

/** Asks the store again and again whether its data are still there. */
const watchData = (stores: Stores, log: Logger) => {
  let end: (reason: string) => void = () => {};
  const takenAway = new Promise<string>((resolve) => {
    end = resolve;
  });
  const timer = createPeriodic({
    name: "data_watch",
    intervalMs: WATCH_MS,
    pauseFirst: true,
    job: async () => {
      const reason = await stores.takenAway?.();
      if (reason !== undefined) end(reason);
    },
    log,
  });
  if (stores.takenAway !== undefined) timer.start();
  return { takenAway, stop: timer.stop };
};

/** The folder by its real path, since processes of runs are found by it. */
const withRealFolder = (config: Config): Config => {
  const { dataDir } = config.store;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return { ...config, store: { ...config.store, dataDir: realpathSync(dataDir) } };
  } catch (error) {
    throw folderError(error, dataDir);
  }
};

/** What is in memory has no lock of its own; the folder of its runs is locked as with SQLite. */
const openMemory = (dataDir: string): Stores => {
  const folder = holdFolder(dataDir);
  return { ...createMemoryStores(), close: async () => folder.release() };
};

const openStores = async (config: Config, log: Logger): Promise<Stores> => {
  switch (config.store.kind) {
    case "memory":
      return openMemory(config.store.dataDir);
    case "mongodb": {
      // Its driver takes longer to load than everything else; other stores do not need it.
      const { openMongoStores } = await import("./stores/mongo/stores.ts");
      return openMongoStores({ ...config.mongodb, uri: config.mongodb.uri ?? "" });
    }
    case "sqlite":
      return openSqliteStores({ dataDir: config.store.dataDir, log });
  }
};

const addressOf = (app: App, host: string): string => {
  const bound = app.http.server.address();
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
};

const listenError = (error: unknown, host: string, port: number): unknown => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new AppError(
      "unavailable",
      `Port ${port} on ${host} is in use by another program; choose another with --port (server.port).`,
      { cause: error },
    );
  }
  if (code === "EACCES") {
    return new AppError(
      "unavailable",
      `Port ${port} needs more rights; choose one above 1023 with --port (server.port).`,
    );
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new AppError("unavailable", `This machine has no address ${host} (server.host).`);
  }
  return error;
};

/** What a person should know about how this server is set up. */
export const remarks = (config: Config): string[] => [
  ...(config.defaultCluster
    ? ["No cluster is configured: one local cluster (2 workers) serves every scope."]
    : []),
  ...(hasTokens(config)
    ? []
    : [
        "No tokens are configured: only this machine can reach the server, and everybody on it is administrator.",
      ]),
  ...(config.store.kind === "memory"
    ? ["The store is in memory: nothing is kept when the server ends."]
    : []),
];
