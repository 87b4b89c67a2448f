import { isDeepStrictEqual } from "node:util";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import { answered } from "../remote/remote.ts";
import { type Planned, setFields } from "./plan.ts";
import type { Settings } from "./tests-file.ts";

/** What has been written of a load test, as it happens. */
export type Progress = {
  id?: string;
  isCreated?: true;
  /** The number of the new revision. */
  revision?: number;
  /** Whether settings were set that the server did not have so. */
  isChanged?: true;
};

const create = async (
  client: Client,
  scope: Scope,
  { entry, patch }: Planned,
): Promise<LoadTestAnswer> => {
  const { targetUrl = "", scriptOptions: _, ...settings } = patch;
  const body = { ...scope, name: entry.name, targetUrl, ...setFields(settings) };
  return answered(client.createLoadTest({ body }));
};

/** The load test with its version now. Throws AppError conflict where somebody else has changed one of these fields. */
const unchangedSince = async (
  client: Client,
  before: LoadTestAnswer,
  fields: readonly string[],
): Promise<LoadTestAnswer> => {
  const now = await answered(client.getLoadTest({ params: { loadTestId: before.id } }));
  const changed = fields.filter((name) => {
    const field = name as keyof LoadTestAnswer;
    return !isDeepStrictEqual(before[field], now[field]);
  });
  if (changed.length === 0) return now;
  const detail = `Somebody else has changed ${changed.join(", ")} meanwhile.`;
  throw new AppError("conflict", detail);
};

/**
 * Creates or changes one load test: first the script, since it says which options are secret, then the settings. Each step names
 * the version that the plan was made for. `progress` tells what is written, also where it rejects.
 */
export const write = async (
  client: Client,
  scope: Scope,
  planned: Planned,
  progress: Progress,
): Promise<void> => {
  let current = planned.known ?? (await create(client, scope, planned));
  progress.id = current.id;
  if (planned.known === undefined) progress.isCreated = true;
  const { scriptOptions } = planned.patch;
  const onlyOptions: Settings = scriptOptions == null ? {} : { scriptOptions };
  const patch = planned.known === undefined ? onlyOptions : planned.patch;
  const params = { loadTestId: current.id };
  const fields = Object.keys(patch);
  const { script } = planned.entry;
  if (planned.script !== undefined && script !== undefined) {
    const { entrypoint, files } = script;
    const body = await zipOf(files, new Date());
    const { version: ifMatch } = current;
    const saving = client.saveScript({ params, query: { entrypoint }, body, ifMatch });
    progress.revision = (await answered(saving)).revisionNumber;
    if (fields.length > 0) current = await unchangedSince(client, current, fields);
  }
  if (fields.length === 0) return;
  const { version: ifMatch } = current;
  const updated = await answered(client.updateLoadTest({ params, body: patch, ifMatch }));
  if (updated.version !== ifMatch) progress.isChanged = true;
};
