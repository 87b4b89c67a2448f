import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type Shop, startShop } from "../../examples/shop/shop.ts";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  startServer,
} from "../harness.ts";
import { launchBrowser } from "./browser.ts";

/** A server with the newest Locust, a browser, and a shop that counts. */
type World = {
  readonly server: Server;
  readonly browser: Browser;
  readonly shop: Shop;
  readonly dataDir: string;
};

/** The world of the tests of a file: started before the first, stopped after the last. */
export const pageWorld = (): World => {
  const dataDir = newFolder();
  let started: Omit<World, "dataDir"> | undefined;
  const now = (): Omit<World, "dataDir"> => {
    if (started === undefined) throw new Error("The world is started by the first test.");
    return started;
  };
  beforeAll(async () => {
    const shop = await startShop();
    const server = await startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir });
    started = { shop, server, browser: await launchBrowser() };
  });
  afterAll(async () => {
    const { browser, server, shop } = now();
    await browser.close();
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
  return {
    dataDir,
    get server() {
      return now().server;
    },
    get browser() {
      return now().browser;
    },
    get shop() {
      return now().shop;
    },
  };
};
