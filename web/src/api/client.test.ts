import { UnreachableError } from "@load-manager/contract/api/http-client.ts";
import { expect, test } from "vitest";
import { messageOf } from "./client.ts";

test("in a browser the server has no address that somebody has typed", () => {
  expect(messageOf(new UnreachableError("", new TypeError("Failed to fetch")))).toBe(
    "The server of this page does not answer.",
  );
});
