import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";

/** An answer, or silence; `refused`: the machine answered that nobody listens at the port. */
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

/** The codes of an error; several where a name has several addresses. */
const codesOf = (error: unknown): string[] => {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  if (!(error instanceof Error)) return [];
  if ("code" in error && typeof error.code === "string") return [error.code];
  return codesOf(error.cause);
};

/**
 * Every address refused, but for those to which this machine has no network (IPv6, mostly). A name that does not resolve and a
 * machine that cannot be reached say nothing of the process.
 */
export const isRefusal = (codes: readonly string[]): boolean =>
  codes.includes("ECONNREFUSED") &&
  codes.every((code) => code === "ECONNREFUSED" || code === "ENETUNREACH");

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
    const codes = codesOf(error);
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const why = timedOut
      ? `no answer within ${init.timeoutMs / 1000} s`
      : codes.length === 0
        ? messageOf(error)
        : [...new Set(codes)].join(", ");
    return { kind: "silent", refused: isRefusal(codes), message: `${new URL(url).origin}: ${why}` };
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
