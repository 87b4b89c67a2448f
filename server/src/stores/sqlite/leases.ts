import type { Lease, LeaseStore } from "../model/lease-store.ts";
import { nextFence } from "../shared/fence.ts";
import type { Control } from "./control.ts";

type Row = Omit<Lease, "runId"> & { readonly runId: string | null };

const leaseOf = ({ runId, ...lease }: Row): Lease => ({
  ...lease,
  ...(runId === null ? {} : { runId }),
});

const COLUMNS = "clusterId, slot, holder, fence, runId";

export const sqliteLeases = (db: Control): LeaseStore => ({
  get: db.verb((clusterId, slot) => {
    const row = db.get<Row>(
      `SELECT ${COLUMNS} FROM leases WHERE clusterId = ? AND slot = ?`,
      clusterId,
      slot,
    );
    return row && leaseOf(row);
  }),
  list: db.verb(() =>
    db.all<Row>(`SELECT ${COLUMNS} FROM leases ORDER BY clusterId, slot`).map(leaseOf),
  ),
  claim: db.ending(({ clusterId, slot, holder, runId, aboveFence }, seenFence) => {
    const fence = nextFence(seenFence, aboveFence);
    const row =
      seenFence === undefined
        ? db.get<Row>(
            `INSERT INTO leases (${COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
            clusterId,
            slot,
            holder,
            fence,
            runId ?? null,
          )
        : db.get<Row>(
            `UPDATE leases SET holder = ?, runId = ?, fence = ?
             WHERE clusterId = ? AND slot = ? AND fence = ? RETURNING ${COLUMNS}`,
            holder,
            runId ?? null,
            fence,
            clusterId,
            slot,
            seenFence,
          );
    return row && leaseOf(row);
  }),
  release: db.ending(
    (clusterId, slot, holder, fence) =>
      db.run(
        "UPDATE leases SET runId = NULL WHERE clusterId = ? AND slot = ? AND holder = ? AND fence = ?",
        clusterId,
        slot,
        holder,
        fence,
      ) === 1,
  ),
  beat: db.ending((holder, count) => {
    db.run(
      `INSERT INTO heartbeats (holder, count) VALUES (?, ?)
       ON CONFLICT (holder) DO UPDATE SET count = max(count, excluded.count)`,
      holder,
      count,
    );
  }),
  heartbeats: db.verb(
    () =>
      new Map(
        db
          .all<{ holder: string; count: number }>("SELECT holder, count FROM heartbeats")
          .map(({ holder, count }) => [holder, count]),
      ),
  ),
  leave: db.ending((holder) => {
    db.run("DELETE FROM heartbeats WHERE holder = ?", holder);
  }),
});
