import { messageOf } from "../lib/errors.ts";

/** What came back, or proof or suspicion that nobody is there. */
export type Reply =
  | { readonly kind: "answer"; readonly status: number; readonly json: unknown }
  | { readonly kind: "silent"; readonly refused: boolean; readonly message: string };

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
): Promise<Reply> => {
  try {
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(init.timeoutMs),
    });
    const text = await response.text();
    return { kind: "answer", status: response.status, json: parsed(text) };
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
