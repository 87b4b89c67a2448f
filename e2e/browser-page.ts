// What the page of browser.test.ts runs; nothing of Node is here.
import { createClient } from "@load-manager/contract/api/client.ts";
import { ProblemError } from "@load-manager/contract/api/http-client.ts";

const client = createClient({ baseUrl: "" });

const statusOf = async (work: Promise<unknown>): Promise<number> => {
  try {
    await work;
    return 200;
  } catch (error) {
    return error instanceof ProblemError ? error.status : 0;
  }
};

const signInAndRun = async (token: string, loadTestId: string) => {
  const me = await client.createSession({ body: { token } });
  const params = { loadTestId };
  const stale = await statusOf(
    client.updateLoadTest({ params, body: { name: "x" }, ifMatch: 1000 }),
  );
  const body = { targetUsers: 5, spawnRate: 5, durationSeconds: 8 };
  const start = () => client.createRun({ params, body, idempotencyKey: "from-the-page" });
  const runs = [await start(), await start()];
  const runId = runs[0]?.id ?? "";
  const types: string[] = [];
  let requests = 0;
  let end = "";
  for await (const event of client.streamRun({ params: { runId }, query: { lastEventId: "0" } })) {
    types.push(event.type);
    if (event.type === "sample") requests += event.data.requests;
    if (event.type === "end") end = event.data.status;
  }
  await client.deleteSession();
  const afterSignOut = await statusOf(client.getMe());
  return { me, stale, ids: runs.map(({ id }) => id), types, requests, end, afterSignOut };
};

Object.assign(globalThis, { signInAndRun });
