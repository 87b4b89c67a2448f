import type { Route } from "@load-manager/contract/api/route.ts";
import { AppError } from "../lib/errors.ts";
import type { Authentication } from "./authenticate.ts";
import { guardLocal } from "./loopback-guard.ts";
import { administrator, type Principal } from "./principal.ts";
import { checkSameOrigin } from "./same-origin.ts";
import type { Sessions } from "./sessions.ts";

/** What a request says about who sent it. */
type Credentials = {
  readonly method: string;
  readonly headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly authorization?: string | undefined;
    readonly "sec-fetch-site"?: string | string[] | undefined;
    readonly "x-locust-token"?: string | string[] | undefined;
  };
  /** The session's cookie. */
  readonly cookie: string | undefined;
  /** The origins under which the request reached this server. */
  readonly addresses: readonly string[];
};

/** Who sent a request, found out from its credentials. */
export type Caller = {
  readonly principal: Principal;
  /** Asks again, without the request: `undefined` where the credentials no longer count. */
  readonly again: () => Promise<Principal | undefined>;
};

/** Whom a route is for. */
export type Audience = {
  readonly caller: Route["caller"];
  readonly anyHost?: true;
};

/** Finds out who sent a request to a route. Throws AppError unauthorized or forbidden. */
export type Authenticator = (route: Audience, credentials: Credentials) => Promise<Caller>;

const NOBODY: Principal = {
  actor: { kind: "user", id: "nobody", name: "nobody" },
  grants: [],
};
const LOCUST: Principal = {
  actor: { kind: "locust", id: "locust", name: "locust" },
  grants: [],
};
const LOCAL = administrator({ kind: "user", id: "local", name: "local" });

const always = (principal: Principal): Caller => ({ principal, again: async () => principal });

const unauthorized = (detail: string): AppError => new AppError("unauthorized", detail);

export const createAuthenticator = (
  authentication: Authentication,
  sessions: Pick<Sessions, "principalOf" | "peek">,
  publicUrl?: string,
): Authenticator => {
  const ofLocust = (token: string | string[] | undefined): Principal => {
    if (authentication.isLocust(Array.isArray(token) ? undefined : token)) return LOCUST;
    throw unauthorized(
      "The header X-Locust-Token is missing or wrong. Set LOAD_MANAGER_TOKEN at Locust to the server's security.locustCallbackToken.",
    );
  };

  const ofToken = (authorization: string): Caller => {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const holder = token === undefined ? undefined : authentication.holderOf(token);
    if (holder !== undefined) {
      const { principal, digest } = holder;
      return { principal, again: async () => authentication.holderWith(digest)?.principal };
    }
    throw unauthorized("The token is unknown. Send Authorization: Bearer <token>.");
  };

  const ofSession = async (cookie: string, credentials: Credentials): Promise<Caller> => {
    const { method, headers, addresses } = credentials;
    const principal = await sessions.principalOf(cookie);
    if (principal === undefined) {
      throw unauthorized("The session has ended; sign in again with POST /v1/session.");
    }
    if (method !== "GET" && method !== "HEAD") checkSameOrigin(headers, addresses);
    return { principal, again: () => sessions.peek(cookie) };
  };

  return async ({ caller, anyHost }, credentials) => {
    const { headers, cookie } = credentials;
    if (authentication.open && anyHost !== true) guardLocal(headers, publicUrl);
    if (caller === "anyone") return always(NOBODY);
    if (caller === "locust") return always(ofLocust(headers["x-locust-token"]));
    if (authentication.open) {
      return {
        principal: LOCAL,
        again: async () => (authentication.open ? LOCAL : undefined),
      };
    }
    if (headers.authorization !== undefined) return ofToken(headers.authorization);
    if (cookie !== undefined) return ofSession(cookie, credentials);
    throw unauthorized("A token is missing. Send Authorization: Bearer <token>.");
  };
};
