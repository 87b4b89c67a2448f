import type { Stats } from "@load-manager/contract/model/stats.ts";
import { expect, test } from "vitest";
import { keyFiguresOf, usersNow } from "./key-figures-of.ts";

const stats = (totalRequests: number): Stats =>
  ({ totalRequests, totalFailures: 0, requestsPerSec: 9, errorRate: 0 }) as Stats;
const requestsOf = (shown: Partial<Parameters<typeof keyFiguresOf>[0]>) => {
  const figures = keyFiguresOf({
    own: stats(90),
    whole: stats(4000),
    wholeName: "run",
    users: { figure: { value: "8", unit: "" } },
    bound: "",
    isNow: false,
    ...shown,
  });
  const { figure, note } = figures.find(({ name }) => name === "Requests") ?? {};
  return [figure?.value, note];
};

test("while the run goes on the requests are all so far; of a window they are its own", () => {
  expect(requestsOf({ isNow: true, wholeName: "so far" })).toEqual(["4,000", "so far"]);
  expect(requestsOf({})).toEqual(["90", "run 4,000"]);
  expect(requestsOf({ whole: undefined })).toEqual(["90", undefined]);
});

test("the users are those of the newest second, and a mean only where that is unknown", () => {
  expect(usersNow(8, 4, 20)).toEqual({ value: "8", unit: "of 20" });
  expect(usersNow(0, 4, undefined)).toEqual({ value: "0", unit: "" });
  expect(usersNow(null, 4, 20).value).toBe("4");
  expect(usersNow(undefined, undefined, 20).value).toBe("–");
});
