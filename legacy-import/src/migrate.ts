import { createHash } from "node:crypto";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { FORMAT } from "@load-manager/server/stores/mongo/schema.ts";
import { lockDeps, type MigrateDeps } from "./state/deps.ts";
import { type Lock, takeLock } from "./state/lock.ts";
import {
  hasOlder,
  isMarked,
  listed,
  newOf,
  stampOf,
  swapOf,
  targetsOf,
  TEMPORARY,
} from "./state/plan.ts";
import { refuseUnmapped, survey } from "./survey.ts";
import { type Report, reportOf } from "./report.ts";
import { readState, type State } from "./state/state.ts";
import { finishSwap } from "./swap/finish.ts";
import type { Context } from "./transform/entity.ts";
import type { Mapping } from "./transform/mapping.ts";
import { placesBeforeSwap } from "./verify/places.ts";
import type { Verification } from "./verify/verification.ts";
import { faultsIn, verificationError, verifyAll } from "./verify/verify.ts";
import { copyAll } from "./write/copy-all.ts";

export type MigrateInput = Context & {
  /** For messages. */
  readonly mappingFile: string;
};

const hashOf = (mapping: Mapping): string =>
  createHash("sha256").update(JSON.stringify(mapping)).digest("hex").slice(0, 16);

const newState = async ({ db, clock }: MigrateDeps, input: MigrateInput): Promise<State> => {
  const now = clock.now();
  return {
    phase: "copy",
    format: FORMAT,
    stamp: stampOf(now),
    startedAt: now,
    keepActive: input.keepActive,
    mapping: hashOf(input.mapping),
    targets: targetsOf(await listed(db)),
    jobs: {},
    renames: [],
    renamed: 0,
  };
};

/** Throws AppError conflict where resuming would mix two migrations. */
const assertSame = (state: State, input: MigrateInput): void => {
  if (state.phase === "rollback") {
    throw new AppError(
      "conflict",
      "A rollback was interrupted. Finish it first: load-manager migrate rollback",
    );
  }
  if (state.format !== FORMAT) {
    throw new AppError(
      "conflict",
      `The migration was started by another version of Load Manager (its documents have the format ${state.format ?? "1"}; this version writes ${FORMAT}). Finish it with that version, or give it up with load-manager migrate rollback and start again.`,
    );
  }
  if (state.mapping === hashOf(input.mapping)) return;
  throw new AppError(
    "conflict",
    `A migration was started with a mapping other than the one now in ${input.mappingFile}. Resume it with the first mapping, or give it up with load-manager migrate rollback and start again.`,
  );
};

/** The stored state, or a new one. Before a new one, the copies of a migration that was given up are dropped. */
const startOrResume = async (
  deps: MigrateDeps,
  input: MigrateInput,
  lock: Lock,
  found: State | undefined,
): Promise<State> => {
  const { db, say } = deps;
  if (found !== undefined) {
    say(`Resuming the migration that was started at ${new Date(found.startedAt).toISOString()}.`);
    return found;
  }
  const state = await newState(deps, input);
  for (const { name } of state.targets) await db.collection(newOf(name)).drop();
  for (const name of TEMPORARY) await db.collection(name).drop();
  await lock.save(state);
  return state;
};

/** Goes through the phases, from the stored one on. */
const runPhases = async (
  deps: MigrateDeps,
  input: MigrateInput,
  lock: Lock,
  started: State,
): Promise<{ readonly state: State; readonly verified: readonly Verification[] }> => {
  const { db, ids, say, onProgress } = deps;
  let state = started;
  let verified: Verification[] = [];
  if (state.phase === "copy") {
    state = { ...(await copyAll(deps, input, lock, state)), phase: "verify" };
    await lock.save(state);
  }
  if (state.phase === "verify") {
    say("Verifying the copies …");
    const progress = (name: string, done: number) => onProgress(`verifying ${name}`, done, 0);
    verified = await verifyAll(
      { db, ids, context: input, onProgress: progress },
      placesBeforeSwap(state),
    );
    if (faultsIn(verified) > 0) throw verificationError(verified);
    state = { ...state, phase: "swap", renames: swapOf(state.targets, state.stamp), renamed: 0 };
    await lock.save(state);
  }
  return { state: await finishSwap(db, lock, state), verified };
};

/** Resolves with `undefined` where there is nothing to do. After an AppError the next call resumes. */
export const migrate = async (
  deps: MigrateDeps,
  input: MigrateInput,
): Promise<Report | undefined> => {
  const { db, say, clock } = deps;
  const before = await readState(db);
  if (before?.phase === "done") return undefined;
  if (before === undefined) {
    const collections = await listed(db);
    if ((await isMarked(db)) || !hasOlder(collections)) return undefined;
    say("Reading every document …");
    const surveyed = await survey(db, targetsOf(collections), input.mapping, deps.onProgress);
    refuseUnmapped(surveyed, input.mappingFile);
  } else assertSame(before, input);
  const lock = await takeLock(db, lockDeps(deps));
  try {
    // Another process may have ended or started one before this one had the lock.
    const found = await readState(db);
    if (found?.phase === "done") return undefined;
    if (found !== undefined) assertSame(found, input);
    const started = await startOrResume(deps, input, lock, found);
    const { keepActive } = started;
    const { state, verified } = await runPhases(deps, { ...input, keepActive }, lock, started);
    return await reportOf(db, state, verified, clock.now());
  } finally {
    await lock.release();
  }
};
