import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { LiveStore } from "../model/live-store.ts";
import type { Control } from "./control.ts";
import { parsed } from "./document.ts";

/** Nothing would ever delete the record of a run that is gone: it is not made. */
const SET = `
  INSERT INTO run_live (runId, timestamp, document)
  SELECT id, ?, ? FROM load_test_runs WHERE id = ?
  ON CONFLICT (runId) DO UPDATE SET timestamp = excluded.timestamp, document = excluded.document
  WHERE excluded.timestamp >= run_live.timestamp`;

export const sqliteLive = (db: Control): LiveStore => ({
  set: db.ending((runId, live) => {
    db.run(SET, live.timestamp, JSON.stringify(live), runId);
  }),
  get: db.verb((runIds) => {
    const rows = db.all<{ readonly runId: string; readonly document: string }>(
      "SELECT runId, document FROM run_live WHERE runId IN (SELECT value FROM json_each(?))",
      JSON.stringify(runIds),
    );
    return new Map(rows.map(({ runId, document }) => [runId, parsed<MetricSnapshot>(document)]));
  }),
});
