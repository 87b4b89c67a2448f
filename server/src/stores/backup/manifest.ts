import { createHash } from "node:crypto";
import { z } from "zod";
import {
  CONTROL_MIGRATIONS,
  FIRST_FORMAT,
  METRICS_MIGRATIONS,
  newestFormat,
} from "../sqlite/migrations.ts";

export const MANIFEST = "manifest.json";
/** The parts, in the order in which they are taken. */
export const PARTS = ["control.db", "metrics.db"] as const;
export type Part = (typeof PARTS)[number];
export const FORMAT = 1;

/** The newest format of each database that this program reads. */
const NEWEST: Readonly<Record<Part, number>> = {
  "control.db": newestFormat(CONTROL_MIGRATIONS),
  "metrics.db": newestFormat(METRICS_MIGRATIONS),
};

/** Why this program cannot read a database of this format, as the end of a sentence; `undefined` where it can. */
export const unreadable = (part: Part, format: number): string | undefined => {
  if (format > NEWEST[part]) return "was written by a newer Load Manager";
  return format < FIRST_FORMAT ? "was made before the first format" : undefined;
};

const partShape = z.object({
  size: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** `PRAGMA user_version`: the number of the format. */
  schema: z.int().min(0),
});

/** The description of a backup. It is the first entry: reading it is enough to know whether the backup can be used. */
export const Manifest = z.object({
  what: z.literal("load-manager backup"),
  format: z.int().min(1),
  /** Of the program that wrote it. */
  version: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  parts: z.object({ "control.db": partShape, "metrics.db": partShape }),
});
export type Manifest = z.output<typeof Manifest>;

export const sha256Of = (pieces: Iterable<Uint8Array>): string => {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
};
