import { afterAll, describe, expect, test } from "vitest";
import { AppError } from "../lib/errors.ts";
import { soleMember } from "../runs/ownership/membership.ts";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { createIdempotency } from "./idempotency.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, stores, call } = testApp(withTokens);
afterAll(() => app.close());

const token = TOKENS.team;
const keyed = (key: string) => ({ token, headers: { "idempotency-key": key } });
const define = (key: string, more: object = {}) =>
  call("POST", "/v1/load-tests", {
    body: { ...LOAD_TEST, locustfile: SCRIPT, ...more },
    ...keyed(key),
  });

describe("a POST with an Idempotency-Key", () => {
  test("is carried out once; the same request again gets the same answer", async () => {
    const first = await define("one");
    const again = await define("one");
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(again.headers.location).toBe(first.headers.location);
    expect([first.headers["idempotency-replayed"], again.headers["idempotency-replayed"]]).toEqual([
      undefined,
      "true",
    ]);
    const path = `/v1/load-tests/${first.json.id}/runs`;
    const runs = await Promise.all(
      [1, 2, 3].map(() => call("POST", path, { ...keyed("run"), body: { targetUsers: 3 } })),
    );
    const created = runs.filter(({ status }) => status === 201);
    const refused = runs.filter(({ status }) => status === 409);
    expect(created.length).toBeGreaterThanOrEqual(1);
    expect(created.length + refused.length).toBe(3);
    const later = await call("POST", path, { ...keyed("run"), body: { targetUsers: 3 } });
    expect(later.json.id).toBe(created[0]?.json.id);
    const listed = await call("GET", path, { token });
    expect(listed.json.items).toHaveLength(1);
  });

  test("with another body or path is refused, and the error names the header", async () => {
    const first = await define("two");
    const other = await define("two", { defaultUsers: 9 });
    expect([other.status, other.json.errors[0].field]).toEqual([422, "Idempotency-Key"]);
    const path = `/v1/load-tests/${first.json.id}/runs`;
    expect((await call("POST", path, keyed("two"))).status).toBe(422);
    const body = { locustfile: SCRIPT, ...LOAD_TEST };
    const reordered = await call("POST", "/v1/load-tests", { body, ...keyed("two") });
    expect(reordered.json.id).toBe(first.json.id);
  });

  test("of another caller is a different key", async () => {
    const mine = await define("three");
    const body = { ...LOAD_TEST, accountId: "umbrella" };
    const theirs = await call("POST", "/v1/load-tests", {
      body,
      token: TOKENS.other,
      headers: { "idempotency-key": "three" },
    });
    expect([theirs.status, theirs.json.id === mine.json.id]).toEqual([201, false]);
  });

  test("that was refused may be corrected and sent again with the same key", async () => {
    expect((await define("four", { defaultUsers: 0 })).status).toBe(400);
    const wrong = await define("four", { locustClusterId: "none" });
    expect(wrong.status).toBe(400);
    expect((await define("four")).status).toBe(201);
    expect((await call("POST", "/v1/load-tests", keyed(" "))).status).toBe(400);
    expect((await define("\u00e4")).status).toBe(400);
  });

  test("whose server died is finished by the next, which finds the created object", async () => {
    const first = await define("five");
    const record = await stores.keys.get(await idOf("five"));
    expect(record?.answer?.status).toBe(201);
    if (record === undefined) return;
    const { answer: _, ...unanswered } = record;
    await stores.keys.take({ ...unanswered, owner: "a server that is gone" }, record);
    const again = await define("five");
    expect([again.status, again.json.id]).toEqual([201, first.json.id]);
    expect(again.headers["idempotency-replayed"]).toBeUndefined();
  });
});

describe("two live servers", () => {
  const twoServers = () => {
    const { keys: store } = createMemoryStores();
    let isAway = false;
    const keys = {
      ...store,
      take: async (...args: Parameters<typeof store.take>) => {
        if (isAway) throw new AppError("unavailable", "away");
        return store.take(...args);
      },
    };
    const serverOf = (holder: string) => {
      const { once } = createIdempotency({
        keys,
        clock: { now: () => 1, monotonic: () => 1, wall: () => 1 },
        ids: { next: () => "", of: (name) => name },
        membership: { ...soleMember(holder), isGone: async () => false },
      });
      const caller = { kind: "token", id: "ci", name: "ci" } as const;
      const request = { method: "POST", path: "/v1/x", body: {} };
      return (work: Parameters<typeof once>[3]) => once("k", caller, request, work);
    };
    const setAway = (away: boolean) => (isAway = away);
    return { a: serverOf("a"), b: serverOf("b"), setAway };
  };
  const ids: string[] = [];
  const create = async (id: string) => {
    ids.push(id);
    return { status: 201, headers: {}, body: "{}" };
  };

  test.each([
    ["the store was away", new AppError("unavailable", "away")],
    ["of an unexpected error", new Error("a bug")],
  ])(
    "one carries out, with the same id, a request that the other could not answer because %s",
    async (_, error) => {
      const { a, b } = twoServers();
      let first = "";
      const failed = a(async (id) => {
        first = id;
        throw error;
      });
      await expect(failed).rejects.toBe(error);
      expect((await b(create)).replayed).toBe(false);
      expect(ids.at(-1)).toBe(first);
      expect((await a(create)).replayed).toBe(true);
    },
  );

  test("one refuses a request while the other works on it, or while the other still holds its key", async () => {
    const { a, b, setAway } = twoServers();
    const away = new AppError("unavailable", "away");
    const failed = a(async () => {
      await expect(b(create)).rejects.toMatchObject({ kind: "conflict" });
      setAway(true);
      throw away;
    });
    await expect(failed).rejects.toBe(away);
    setAway(false);
    await expect(b(create)).rejects.toMatchObject({ kind: "conflict" });
    expect((await a(create)).replayed).toBe(false);
  });
});

/** The id of a stored key, which depends on the caller. */
const idOf = async (key: string): Promise<string> => {
  const { createHash } = await import("node:crypto");
  return createHash("sha256")
    .update(JSON.stringify(["team", key]))
    .digest("hex");
};
