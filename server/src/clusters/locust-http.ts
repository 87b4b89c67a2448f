import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";

/** An answer, or silence; `refused` proves that nobody listens. */
export type Reply =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly json: unknown;
      readonly text: string;
      /** The `Date` header, exact to a second. */
      readonly dateMs?: number;
      readonly askedAt: number;
      readonly answeredAt: number;
    }
  | { readonly kind: "silent"; readonly refused: boolean; readonly message: string };

const NOTABLE_MS = 1000;

/**
 * How far, in ms, the clock that showed `wallMs` is certainly ahead of the server's; 0 where that is less than a second.
 * The clock was read at some moment between request and answer.
 */
export const clockAhead = (
  { askedAt, answeredAt }: Extract<Reply, { readonly kind: "answer" }>,
  wallMs: number | null | undefined,
  exactToMs = 0,
): number => {
  if (wallMs == null) return 0;
  const half = (answeredAt - askedAt + exactToMs) / 2;
  const ahead = wallMs + exactToMs / 2 - (askedAt + answeredAt) / 2;
  return Math.abs(ahead) - half > NOTABLE_MS ? ahead : 0;
};

const REFUSED = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"]);

const codeOf = (error: unknown): string | undefined => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return undefined;
};

/** One request to a Locust master. Never rejects; `json` is undefined where the body is none. Redirects are answers. */
export const ask = async (
  url: string,
  init: RequestInit & { readonly timeoutMs: number },
  clock: Pick<Clock, "now">,
): Promise<Reply> => {
  const askedAt = clock.now();
  try {
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(init.timeoutMs),
    });
    const text = await response.text();
    const dateMs = Date.parse(response.headers.get("date") ?? "");
    return {
      kind: "answer",
      status: response.status,
      json: parsed(text),
      text,
      ...(Number.isNaN(dateMs) ? {} : { dateMs }),
      askedAt,
      answeredAt: clock.now(),
    };
  } catch (error) {
    const code = codeOf(error);
    const refused = code !== undefined && REFUSED.has(code);
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const why = timedOut
      ? `no answer within ${init.timeoutMs / 1000} s`
      : (code ?? messageOf(error));
    return { kind: "silent", refused, message: `${new URL(url).origin}: ${why}` };
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
