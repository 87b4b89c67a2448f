import { createHash } from "node:crypto";
import { z } from "zod";

export const MANIFEST = "manifest.json";
/** The parts, in the order in which they are taken. */
export const PARTS = ["control.db", "metrics.db"] as const;
export type Part = (typeof PARTS)[number];
export const FORMAT = 1;

const partShape = z.object({
  size: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** `PRAGMA user_version`: how many steps the schema has had. */
  schema: z.int().min(0),
});

/** What a backup says of itself. It is the first entry, so that nothing else has to be read to know whether it can be used. */
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
