import { expect, test } from "vitest";
import { eventText } from "./event-text.ts";

test("an event of a status has the page's word for it; any other says what it says", () => {
  expect(
    [
      { type: "status", message: "Pending" },
      { type: "status", message: "Failed: no worker connected." },
      { type: "status", message: "Stopped: Stopped by ada." },
      { type: "note", message: "Failed: the cache" },
    ].map(eventText),
  ).toEqual([
    "Waiting",
    "Could not run: no worker connected.",
    "Stopped: Stopped by ada.",
    "Failed: the cache",
  ]);
});
