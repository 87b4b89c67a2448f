import { expect, test } from "vitest";
import { swappedEndpoint } from "./swapped-endpoint.ts";

test.each([
  ["/cart", "GET", { method: "GET", name: "/cart" }],
  ["GET /cart?a=1", "GET", { method: "GET", name: "/cart?a=1" }],
  ["POST /cart", "GET", { method: "GET", name: "POST /cart" }],
  ["checkout", "DELETE", { method: "DELETE", name: "checkout" }],
])("method %j and name %j are swapped", (method, name, expected) => {
  expect(swappedEndpoint(method, name)).toEqual(expected);
});

test.each([
  ["GET", "/cart"],
  ["POST", "GET"],
  ["", "GET"],
  ["GET /cart", "cart"],
  ["/cart", "get"],
])("method %j and name %j are not", (method, name) => {
  expect(swappedEndpoint(method, name)).toBeUndefined();
});
