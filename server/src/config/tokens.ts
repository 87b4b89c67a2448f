import type { Fault } from "./problems.ts";
import type { Settings } from "./schema.ts";

const API_LENGTH = 16;
const CALLBACK_LENGTH = 12;
const DIFFERENT = 5;
const LEFT = 6;
const PLACEHOLDERS =
  /change[-_ ]?me|replace[-_ ]?me|password|passwd|secret|placeholder|example|letmein|qwerty|0?123456789?0?/gi;

/** The reason why a token is too weak: it can be guessed, or comes from documentation. */
const weaknessOf = (token: string, length: number): string | undefined => {
  if (token.length < length) return `is too short: it must have at least ${length} characters`;
  if (/\s/.test(token)) return "must not contain spaces";
  if (new Set(token).size < DIFFERENT) {
    return `is too weak: it must have at least ${DIFFERENT} different characters`;
  }
  if (/^(.+?)\1+$/s.test(token)) return "is too weak: it repeats one short text";
  const left = token.replaceAll(PLACEHOLDERS, "").replaceAll(/[^a-z0-9]/gi, "");
  return left.length < LEFT ? "is a placeholder; generate a token" : undefined;
};

/** Weak tokens, and tokens and names that are used twice. */
export const tokenFaults = (
  security: Settings["security"] | undefined,
  authTokens: readonly { readonly path: readonly PropertyKey[]; readonly token: string }[],
): Fault[] => {
  if (security === undefined) return [];
  const { apiToken, apiTokens, locustCallbackToken } = security;
  const callbackPath = (index: number): PropertyKey[] => [
    "security",
    "locustCallbackToken",
    ...(locustCallbackToken.length > 1 ? [index] : []),
  ];
  const api = [
    ...(apiToken === undefined ? [] : [{ path: ["security", "apiToken"], token: apiToken }]),
    ...apiTokens.map(({ token }, index) => ({
      path: ["security", "apiTokens", index, "token"],
      token,
    })),
  ];
  const callback = locustCallbackToken.map((token, index) => ({
    path: callbackPath(index),
    token,
  }));
  const weak = [
    ...api.map((one) => ({ ...one, length: API_LENGTH })),
    ...callback.map((one) => ({ ...one, length: CALLBACK_LENGTH })),
  ].flatMap(({ path, token, length }): Fault[] => {
    const message = weaknessOf(token, length);
    return message === undefined ? [] : [{ path, message }];
  });
  const nameOf = (path: readonly PropertyKey[]): string =>
    path[1] === "apiTokens"
      ? `the token of ${JSON.stringify(apiTokens[Number(path[2])]?.name)}`
      : path.slice(0, 2).join(".");
  const seen = new Map<string, string>();
  const twice = [...api, ...callback].flatMap(({ path, token }): Fault[] => {
    const before = seen.get(token);
    seen.set(token, before ?? nameOf(path));
    return before === undefined ? [] : [{ path, message: `is the same as ${before}` }];
  });
  const names = new Set<string>(apiToken === undefined ? [] : ["administrator"]);
  const sameName = apiTokens.flatMap(({ name }, index): Fault[] => {
    const isTaken = names.has(name);
    names.add(name);
    const path = ["security", "apiTokens", index, "name"];
    return isTaken ? [{ path, message: `is the name of another token` }] : [];
  });
  const given = authTokens.flatMap(({ path, token }): Fault[] => {
    const same = api.find((one) => one.token === token);
    if (same === undefined) return [];
    return [{ path, message: `is the same as ${nameOf(same.path)}, which Locust must not know` }];
  });
  return [...weak, ...twice, ...sameName, ...given];
};
