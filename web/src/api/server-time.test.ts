import { expect, test } from "vitest";
import { offsetOf } from "./server-time.ts";

test("a clock that is off is put right by the server's; small differences are the way of the answer", () => {
  const date = "Mon, 30 Nov 2026 11:21:36 GMT";
  const at = Date.parse(date);
  expect(offsetOf(date, at + 300_500)).toBe(-300_000);
  expect(offsetOf(date, at - 59_500)).toBe(60_000);
  expect([offsetOf(date, at + 1400), offsetOf(date, at - 900)]).toEqual([0, 0]);
  expect([offsetOf(null, at), offsetOf("soon", at)]).toEqual([0, 0]);
});
