import type { z } from "zod";
import { bytesOfBase64Text } from "../lib/base64-text.ts";
import { AppError } from "../lib/errors.ts";
import { namesAt } from "../lib/schema-names.ts";

/** A field of the older API (`docs/older-api.md`). */
type OlderField = {
  /** What it is today, for messages. */
  readonly today: string;
  /** Today's fields that it is in a request's body, whichever of them the request has; absent where it is none of them. */
  readonly is?: readonly string[];
  /** Its value as today's field has it; `undefined` where the value has another form. */
  readonly convert?: (value: unknown) => unknown;
  /** The form that `convert` understands. */
  readonly form?: string;
};

const scriptOf = (value: unknown): string | undefined => {
  const bytes = typeof value === "string" ? bytesOfBase64Text(value) : undefined;
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};

const OLDER_FIELDS: Readonly<Record<string, OlderField>> = {
  tenantId: { today: "accountId, orgId and projectId" },
  scriptContent: {
    today: "locustfile, as plain text",
    is: ["locustfile", "content"],
    convert: scriptOf,
    form: "base64 of text in UTF-8",
  },
  triggeredBy: { today: "createdBy", is: ["createdBy"] },
  durationSec: { today: "durationSeconds", is: ["durationSeconds"] },
  clusterId: { today: "locustClusterId", is: ["locustClusterId"] },
};
const SCOPE = ["accountId", "orgId", "projectId"];

/** What to write instead of a field of the older API; empty for other names. */
export const todaysName = (key: string): string => {
  const today = Object.hasOwn(OLDER_FIELDS, key) ? OLDER_FIELDS[key]?.today : undefined;
  return today === undefined ? "" : `; the older API had it, today it is ${today}`;
};

const refuse = (field: string, message: string): never => {
  throw new AppError("validation", `${field} ${message}.`, { fields: [{ field, message }] });
};

type Renamed = {
  readonly value: unknown;
  /** How the request calls a field of today. */
  readonly sentAs: (today: string) => string;
};

export const asSent = (value: unknown): Renamed => ({ value, sentAs: (today) => today });

/**
 * A request's body with today's names for fields of the older API whose meaning is certain. The others stay, and the schema refuses
 * them. Throws AppError validation where a value has no meaning today, or where both names have different values.
 */
export const withTodaysNames = (schema: z.ZodType, given: unknown): Renamed => {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return asSent(given);
  const older = Object.keys(OLDER_FIELDS).filter((name) => Object.hasOwn(given, name));
  if (older.length === 0) return asSent(given);
  const known = new Set(namesAt(schema, []));
  const body: Record<string, unknown> = { ...given };
  const sent = new Map<string, string>();
  for (const name of older) {
    const { is = [], convert, form } = OLDER_FIELDS[name] ?? {};
    const today = is.find((one) => known.has(one));
    if (known.has(name) || today === undefined) continue;
    const value = convert === undefined ? body[name] : convert(body[name]);
    if (value === undefined) refuse(name, `must be ${form}; today it is ${today}, as plain text`);
    if (Object.hasOwn(body, today) && body[today] !== value)
      refuse(name, `and ${today} differ; ${today} is today's name of it, send one of them`);
    if (!Object.hasOwn(body, today)) sent.set(today, name);
    delete body[name];
    body[today] = value;
  }
  // The scope says whose it is, as in documents that are migrated.
  const hasScope = SCOPE.every((name) => known.has(name) && typeof body[name] === "string");
  if (hasScope && !known.has("tenantId")) delete body["tenantId"];
  return { value: body, sentAs: (today) => sent.get(today) ?? today };
};
