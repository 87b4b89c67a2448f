import { afterAll, describe, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, call } = testApp();
afterAll(() => app.close());

const create = async (more: object = {}) =>
  call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT, ...more } });
const start = (id: string, body: object = {}) =>
  call("POST", `/v1/load-tests/${id}/runs`, { body });
const fieldsOf = (json: { errors?: { field: string }[] }) =>
  json.errors?.map(({ field }) => field) ?? [];

const CONSTANT = { kind: "constant" };
const SHAPE = { kind: "script" };
const STEP = { durationSeconds: 30, users: 5, spawnRate: 0.5 };
const STAGES = { kind: "stages", stages: [STEP, { durationSeconds: 10, users: 0 }] };
const DEFAULTS = { defaultUsers: 7, defaultSpawnRate: 3, defaultDurationSec: 20 };

describe("the load profile", () => {
  test("is constant unless the load test says otherwise, with the defaults of the load test", async () => {
    const loadTest = (await create(DEFAULTS)).json;
    expect(loadTest.loadProfile).toEqual(CONSTANT);
    const of = { targetUsers: 7, spawnRate: 3, durationSeconds: 20, loadProfile: CONSTANT };
    expect((await start(loadTest.id)).json).toMatchObject(of);
    const own = await start(loadTest.id, { loadProfile: CONSTANT, targetUsers: 2 });
    expect(own.json).toMatchObject({ ...of, targetUsers: 2 });
  });

  test("is the run's, else the load test's, and frozen in the run", async () => {
    const { id } = (await create({ ...DEFAULTS, loadProfile: STAGES })).json;
    const run = (await start(id)).json;
    expect(run).toMatchObject({ loadProfile: STAGES, durationSeconds: 40 });
    for (const field of ["targetUsers", "spawnRate"]) expect(run).not.toHaveProperty(field);
    const own = (await start(id, { loadProfile: SHAPE })).json;
    expect(own.loadProfile).toEqual(SHAPE);
    for (const field of ["targetUsers", "spawnRate", "durationSeconds"]) {
      expect(own).not.toHaveProperty(field);
    }
    const limited = await start(id, { loadProfile: SHAPE, durationSeconds: 9 });
    expect(limited.json.durationSeconds).toBe(9);
    const changed = await call("PATCH", `/v1/load-tests/${id}`, { body: { loadProfile: SHAPE } });
    expect(changed.json).toMatchObject({ loadProfile: SHAPE, ...DEFAULTS });
    expect((await call("GET", `/v1/runs/${run.id}`)).json.loadProfile).toEqual(STAGES);
    expect((await start(id, { loadProfile: CONSTANT })).json).toMatchObject({ targetUsers: 7 });
  });

  test.each([
    [STAGES, { targetUsers: 1, spawnRate: 1, durationSeconds: 1 }],
    [SHAPE, { targetUsers: 1, spawnRate: 1 }],
  ])("%j: what it decides by itself cannot be set", async (loadProfile, given) => {
    const { id } = (await create()).json;
    const other = (await create({ loadProfile })).json;
    for (const answer of [
      await start(id, { loadProfile, ...given }),
      await start(other.id, given),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, Object.keys(given)]);
      expect(answer.json.detail).toContain(`with the load profile ${loadProfile.kind}`);
    }
    for (const loadTestId of [id, other.id]) {
      expect((await call("GET", `/v1/load-tests/${loadTestId}/runs`)).json.items).toEqual([]);
    }
  });

  const stages = (...more: object[]) => ({ kind: "stages", stages: more });
  test.each([
    [{ kind: "spike" }, "loadProfile.kind"],
    [{}, "loadProfile.kind"],
    ["script", "loadProfile"],
    [{ ...CONSTANT, stages: [STEP] }, "loadProfile.stages"],
    [{ kind: "stages" }, "loadProfile.stages"],
    [stages(), "loadProfile.stages"],
    [stages(...Array.from({ length: 101 }, () => STEP)), "loadProfile.stages"],
    [stages(STEP, STEP, { ...STEP, users: -1 }), "loadProfile.stages[2].users"],
    [stages({ ...STEP, users: 1.5 }), "loadProfile.stages[0].users"],
    [stages({ durationSeconds: 3 }), "loadProfile.stages[0].users"],
    [stages(STEP, { ...STEP, spawnRate: 0 }), "loadProfile.stages[1].spawnRate"],
    [stages({ ...STEP, durationSeconds: 0 }), "loadProfile.stages[0].durationSeconds"],
    [stages({ ...STEP, seconds: 3 }), "loadProfile.stages[0].seconds"],
    [stages({ ...STEP, durationSeconds: 20_000 }), "loadProfile.stages"],
  ])("%j is refused with its field", async (loadProfile, field) => {
    const { id, version } = (await create({ maxDurationSec: 15_000 })).json;
    const path = `/v1/load-tests/${id}`;
    for (const answer of [
      await create({ loadProfile, maxDurationSec: 15_000 }),
      await call("PATCH", path, { body: { loadProfile } }),
      await start(id, { loadProfile }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, [field]]);
    }
    expect((await call("GET", path)).json.version).toBe(version);
    expect((await call("GET", `${path}/runs`)).json.items).toEqual([]);
  });

  test("stages are at most as long as the server allows", async () => {
    const { id } = (await create()).json;
    const loadProfile = stages({ ...STEP, durationSeconds: 14_401 });
    const answer = await start(id, { loadProfile });
    expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["loadProfile.stages"]]);
    expect(answer.json.detail).toContain("last 14401 s; must be at most 14400");
  });
});
