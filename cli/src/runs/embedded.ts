import { randomBytes } from "node:crypto";
import { createClient } from "@load-manager/contract/api/client.ts";
import { hasTokens } from "@load-manager/server/config/check.ts";
import { loadConfig } from "@load-manager/server/config/load-config.ts";
import { startServer } from "@load-manager/server/server.ts";
import { pino } from "pino";

/** A server of this command alone, with the configuration and the data folder that `load-manager serve` would have here. */
export const openEmbedded = async (dataDir: string | undefined) => {
  const { config } = loadConfig({ port: "0", ...(dataDir === undefined ? {} : { dataDir }) });
  const own = hasTokens(config) ? randomBytes(24).toString("hex") : undefined;
  const apiToken = config.security.apiToken ?? own;
  const log = pino({ level: "error" }, pino.destination({ fd: 2, sync: true }));
  const security = { ...config.security, apiToken };
  const server = await startServer({ ...config, security }, log);
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
