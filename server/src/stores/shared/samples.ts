import type { SampleRow } from "../ports.ts";
import { compareText } from "./text.ts";

const SAMPLE = 2;

export const isSample = (row: Pick<SampleRow, "type">): boolean => row.type === SAMPLE;

/** Whether two rows of one key are the same record sent twice. */
export const sameRecord = (
  a: Pick<SampleRow, "type" | "second" | "body">,
  b: Pick<SampleRow, "type" | "second" | "body">,
): boolean => a.type === b.type && a.second === b.second && Buffer.compare(a.body, b.body) === 0;

/** The order of every read: (boot, seq); of two attempts under one boot the earlier first. */
export const bySeq = (a: SampleRow, b: SampleRow): number =>
  compareText(a.boot, b.boot) || a.seq - b.seq || a.attempt - b.attempt;
