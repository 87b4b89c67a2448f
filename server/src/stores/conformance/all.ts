import { expect, test } from "vitest";
import { descriptionsOf } from "../shared/assemble.ts";
import { describedContract } from "./described.ts";
import { dumpContract } from "./dump.ts";
import { eventContract } from "./events.ts";
import type { OpenStores } from "./harness.ts";
import { keyContract } from "./keys.ts";
import { leaseContract } from "./leases.ts";
import { loadTestContract } from "./load-tests.ts";
import { metricContract } from "./metrics.ts";
import { recentRunsContract } from "./recent-runs.ts";
import { revisionContract } from "./revisions.ts";
import { runContract } from "./runs.ts";

/** What every adapter must keep: registers the tests of all described collections, and of all ports. */
export const storesContract = (open: OpenStores): void => {
  for (const description of descriptionsOf()) describedContract(open, description);
  loadTestContract(open);
  recentRunsContract(open);
  revisionContract(open);
  runContract(open);
  eventContract(open);
  leaseContract(open);
  keyContract(open);
  metricContract(open);
  dumpContract(open);

  test("answers a ping while it is open, and may be closed twice", async () => {
    const stores = await open();
    await expect(stores.ping()).resolves.toBeUndefined();
    await stores.close();
    await stores.close();
  });
};
