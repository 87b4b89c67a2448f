import { expect, test } from "vitest";
import { descriptionsOf } from "../shared/assemble.ts";
import { describedConformance } from "./described.ts";
import { dumpConformance } from "./dump.ts";
import { eventConformance } from "./events.ts";
import type { OpenStores } from "./harness.ts";
import { keyConformance } from "./keys.ts";
import { leaseConformance } from "./leases.ts";
import { loadTestConformance } from "./load-tests.ts";
import { metricConformance } from "./metrics.ts";
import { recentRunsConformance } from "./recent-runs.ts";
import { revisionConformance } from "./revisions.ts";
import { runConformance } from "./runs.ts";
import { scopeCountConformance } from "./scope-counts.ts";
import { sessionConformance } from "./sessions.ts";
import { storageUseConformance } from "./storage-use.ts";

/** What every adapter must keep: registers the tests of all described collections, and of all ports. */
export const storesConformance = (open: OpenStores): void => {
  for (const description of descriptionsOf()) describedConformance(open, description);
  loadTestConformance(open);
  recentRunsConformance(open);
  revisionConformance(open);
  runConformance(open);
  scopeCountConformance(open);
  sessionConformance(open);
  eventConformance(open);
  leaseConformance(open);
  keyConformance(open);
  metricConformance(open);
  dumpConformance(open);
  storageUseConformance(open);

  test("answers a ping while it is open, and may be closed twice", async () => {
    const stores = await open();
    await expect(stores.ping()).resolves.toBeUndefined();
    await stores.close();
    await stores.close();
  });
};
