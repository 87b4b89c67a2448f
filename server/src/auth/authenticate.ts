import { createHash, timingSafeEqual } from "node:crypto";
import type { Role } from "@load-manager/contract/api/access.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import { administrator, type Principal } from "./principal.ts";

type ApiToken = {
  readonly name: string;
  readonly token: string;
  readonly role: Role;
  readonly accountId: string;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly envId?: string | undefined;
};

/** Somebody who has a token of the configuration. `digest`: the SHA-256 of the token, in hex. */
type TokenHolder = { readonly digest: string; readonly principal: Principal };

export type Authentication = {
  /** No tokens are configured: the server listens on loopback only, and everybody is its administrator. */
  readonly open: boolean;
  /** `undefined` for an unknown token. */
  readonly holderOf: (token: string) => TokenHolder | undefined;
  /** The holder of the token with this digest, as long as the configuration has it. */
  readonly holderWith: (digest: string) => TokenHolder | undefined;
  /** The digests of all tokens. */
  readonly digests: () => readonly string[];
  /** Whether an `X-Locust-Token` header is valid. Locust's token grants its callbacks only. */
  readonly isLocust: (token: string | undefined) => boolean;
};

const keyOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** For a reload: its tokens can be replaced while the server runs. */
export const replaceableAuthentication = (
  first: Authentication,
): Authentication & { readonly replace: (next: Authentication) => void } => {
  let current = first;
  return {
    get open() {
      return current.open;
    },
    holderOf: (token) => current.holderOf(token),
    holderWith: (digest) => current.holderWith(digest),
    digests: () => current.digests(),
    isLocust: (token) => current.isLocust(token),
    replace: (next) => {
      current = next;
    },
  };
};

/** Tokens are compared as digests in constant time, all of them each time, so that timing reveals nothing. */
export const createAuthentication = (options: {
  readonly apiToken?: string | undefined;
  readonly apiTokens: readonly ApiToken[];
  readonly callbackTokens: readonly string[];
}): Authentication => {
  const entryOf = (token: string, principal: Principal) => {
    const key = keyOf(token);
    return { key, holder: { digest: key.toString("hex"), principal } };
  };
  const entries = options.apiTokens.map(({ name, token, role, ...fields }) =>
    entryOf(token, {
      actor: { kind: "token", id: name, name },
      grants: [{ role, scope: scopeOf(fields) }],
    }),
  );
  if (options.apiToken !== undefined) {
    const actor = { kind: "token", id: "administrator", name: "administrator" } as const;
    entries.unshift(entryOf(options.apiToken, administrator(actor)));
  }
  const callbacks = options.callbackTokens.map(keyOf);
  const find = (key: Buffer): TokenHolder | undefined =>
    entries.filter((entry) => timingSafeEqual(entry.key, key)).at(0)?.holder;
  const open = entries.length === 0;
  return {
    open,
    holderOf: (token) => find(keyOf(token)),
    holderWith: (digest) => find(Buffer.from(digest, "hex")),
    digests: () => entries.map(({ holder }) => holder.digest),
    isLocust: (token) => {
      if (callbacks.length === 0) return open;
      const key = keyOf(token ?? "");
      return callbacks.filter((callback) => timingSafeEqual(callback, key)).length > 0;
    },
  };
};
