import { createHash, timingSafeEqual } from "node:crypto";
import { scopeOf } from "@load-manager/contract/model/primitives.ts";
import type { Caller } from "./caller.ts";

type ApiToken = {
  readonly name: string;
  readonly token: string;
  readonly accountId: string;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly envId?: string | undefined;
};

export type Access = {
  /** No tokens are configured: the server listens on loopback only, and every caller is the administrator. */
  readonly open: boolean;
  /** The caller of an `Authorization: Bearer …` header; `undefined` for an unknown token. */
  readonly identify: (authorization: string | undefined) => Caller | undefined;
  /** Whether an `X-Locust-Token` header is valid. Locust's token grants its callbacks only. */
  readonly isLocust: (token: string | undefined) => boolean;
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const LOCAL: Caller = { name: "local", administrator: true, scope: {} };

/** For a reload: its tokens can be replaced while the server runs. */
export const replaceableAccess = (
  first: Access,
): Access & { readonly replace: (next: Access) => void } => {
  let current = first;
  return {
    get open() {
      return current.open;
    },
    identify: (authorization) => current.identify(authorization),
    isLocust: (token) => current.isLocust(token),
    replace: (next) => {
      current = next;
    },
  };
};

/** Tokens are compared as digests in constant time, all of them each time, so that timing reveals nothing. */
export const createAccess = (options: {
  readonly apiToken?: string | undefined;
  readonly apiTokens: readonly ApiToken[];
  readonly callbackTokens: readonly string[];
}): Access => {
  const users: { key: Buffer; caller: Caller }[] = options.apiTokens.map(
    ({ name, token, ...fields }) => ({
      key: digest(token),
      caller: { name, administrator: false, scope: scopeOf(fields) },
    }),
  );
  if (options.apiToken !== undefined) {
    users.unshift({
      key: digest(options.apiToken),
      caller: { name: "administrator", administrator: true, scope: {} },
    });
  }
  const callbacks = options.callbackTokens.map(digest);
  const open = users.length === 0;
  return {
    open,
    identify: (authorization) => {
      if (open) return LOCAL;
      const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
      if (given === undefined) return undefined;
      const key = digest(given);
      return users.filter((user) => timingSafeEqual(user.key, key)).at(0)?.caller;
    },
    isLocust: (token) => {
      if (callbacks.length === 0) return open;
      const key = digest(token ?? "");
      return callbacks.filter((callback) => timingSafeEqual(callback, key)).length > 0;
    },
  };
};
