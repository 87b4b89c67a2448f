import { randomBytes } from "node:crypto";
import { createClient } from "@load-manager/contract/api/client.ts";
import { hasTokens } from "@load-manager/server/config/check.ts";
import { type Config, loadConfig } from "@load-manager/server/config/load-config.ts";
import { startServer } from "@load-manager/server/server.ts";
import { pino } from "pino";
import { withLocust } from "./locust.ts";

/** An administrator's token for this process, where the server asks for one and the configuration has none. */
export const withOwnToken = (config: Config): Config => {
  const { apiToken } = config.security;
  if (apiToken !== undefined || !hasTokens(config)) return config;
  const own = randomBytes(24).toString("hex");
  return { ...config, security: { ...config.security, apiToken: own } };
};

/** A server of this command alone, with the configuration and the data folder that `load-manager serve` would have here. */
export const openEmbedded = async (dataDir: string | undefined) => {
  const config = await withLocust(withOwnToken(loadConfig({ port: "0", dataDir }).config));
  const { apiToken } = config.security;
  const log = pino({ level: "error" }, pino.destination({ fd: 2, sync: true }));
  const server = await startServer(config, log);
  return {
    dataDir: config.store.dataDir,
    client: createClient({
      baseUrl: server.address,
      ...(apiToken === undefined ? {} : { token: apiToken }),
    }),
    close: async (): Promise<void> => {
      try {
        // No load outlives the command.
        await server.app.endLoad();
      } finally {
        await server.close();
      }
    },
  };
};
