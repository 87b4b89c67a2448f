import { ScriptError, StopCause } from "@load-manager/contract/plugin/protocol.ts";
import { z } from "zod";
import { malformed } from "./bytes.ts";

const ms = z.number().nullish();

/** The first record of a master instance. */
const Open = z.looseObject({
  loadStartedAtMs: ms,
  targetUsers: z.number().nullish(),
  workers: z.array(z.string()).default([]),
});

/** The last record of a master instance. */
const Final = z.looseObject({
  loadStartedAtMs: ms,
  stopIssuedAtMs: ms,
  stopCause: StopCause.nullish().catch(undefined),
  scriptError: ScriptError.nullish().catch(undefined),
  requests: z.int().nullish(),
  workersExpected: z.int().nullish(),
  workersReported: z.int().nullish(),
  workersLost: z.union([z.int(), z.array(z.string()).transform((ids) => ids.length)]).nullish(),
});

const Event = z.looseObject({
  atMs: z.number(),
  type: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.json()).nullish(),
});

export type Open = z.output<typeof Open>;
export type Final = z.output<typeof Final>;

const read = <S extends z.ZodType>(
  schema: S,
  body: Uint8Array,
  recordType: string,
): z.output<S> => {
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString("utf8")));
  } catch {
    throw malformed(`its ${recordType} record cannot be read`);
  }
};

// Each throws AppError validation where the body is not the record's JSON.
export const decodeOpen = (body: Uint8Array): Open => read(Open, body, "open");
export const decodeFinal = (body: Uint8Array): Final => read(Final, body, "final");
export const decodeEvent = (body: Uint8Array): z.output<typeof Event> => read(Event, body, "event");
