import { afterAll, beforeAll, expect } from "vitest";
import { AppError } from "../../lib/errors.ts";
import type { ProblemKind } from "@load-manager/contract/api/problem.ts";
import type { OpenedStores } from "../ports.ts";
import type { Page } from "../model/collection.ts";

/** Opens empty or used stores: the suites make ids and scopes of their own, and look at nothing else. */
export type OpenStores = () => Promise<OpenedStores>;

/** Stores for the tests of a `describe`, opened once, closed after the last. */
export const openedStores = (open: OpenStores): (() => OpenedStores) => {
  let stores: OpenedStores | undefined;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(async () => {
    await stores?.close();
  });
  return () => {
    if (stores === undefined) throw new Error("the stores are not open yet");
    return stores;
  };
};

/** All pages of a list, one after the other, by their cursors. */
export const allPages = async <T>(
  list: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<T[][]> => {
  const pages: T[][] = [];
  for (let cursor: string | undefined; ;) {
    const page = await list(cursor);
    pages.push(page.items);
    if (page.nextCursor === undefined) return pages;
    cursor = page.nextCursor;
  }
};

export const rejection = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
};

export const expectProblem = async (
  work: Promise<unknown>,
  kind: ProblemKind,
  field?: string,
): Promise<void> => {
  const error = await rejection(work);
  expect(error).toBeInstanceOf(AppError);
  if (!(error instanceof AppError)) return;
  expect(error.kind).toBe(kind);
  if (field !== undefined) expect(error.fields.map((each) => each.field)).toEqual([field]);
};

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
