import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Access, accessOf } from "../auth/access.ts";
import type { AccessWatch } from "../auth/access-watch.ts";
import type { Audience, Authenticator, Caller } from "../auth/authenticator.ts";
import { checkSameOrigin } from "../auth/same-origin.ts";
import { AppError } from "../lib/errors.ts";
import { SESSION_COOKIE } from "./cookies.ts";

/** Requests with a wrong token, or attempts to sign in, that one address may send in a minute. */
const REFUSED_A_MINUTE = 120;
const SIGN_INS_A_MINUTE = 20;
const SESSION_PATH = "/v1/session";

export type CallerDeps = {
  readonly authenticator: Authenticator;
  readonly accessWatch: Pick<AccessWatch, "watch">;
  /** The address under which people reach the server, where it is configured. */
  readonly publicUrl: string | undefined;
};

export type Callers = {
  readonly authenticate: (route: Audience, request: FastifyRequest) => Promise<Caller>;
  readonly isHttps: (request: FastifyRequest) => boolean;
  /** Ends a stream once its reader may no longer read it: `isAllowed` is asked with what it may see then. */
  readonly endWithAccess: (
    caller: Caller,
    isAllowed: (access: Access) => boolean,
    response: ServerResponse,
  ) => void;
};

/** Who sends requests, with limits for those who guess. Needs the plugins for cookies and rate limits. */
export const createCallers = (app: FastifyInstance, deps: CallerDeps): Callers => {
  const { authenticator, accessWatch, publicUrl } = deps;
  const limits = { timeWindow: "1 minute" };
  const countRefused = app.createRateLimit({ ...limits, max: REFUSED_A_MINUTE });
  const countSignIns = app.createRateLimit({ ...limits, max: SIGN_INS_A_MINUTE });

  const check = async (
    count: typeof countRefused,
    request: FastifyRequest,
    what: string,
  ): Promise<void> => {
    const limit = await count(request);
    if (limit.isAllowed || !limit.isExceeded) return;
    throw new AppError(
      "too-many-requests",
      `${what} from this address in a minute; try again in ${limit.ttlInSeconds} s.`,
      { extra: { retryAfterSeconds: limit.ttlInSeconds } },
    );
  };

  const addressesOf = (request: FastifyRequest): string[] => [
    `${request.protocol}://${request.host}`,
    ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin]),
  ];

  /** Signing in has a limit of its own; signing out is a write with the cookie, though it needs none. */
  const checkSession = async (request: FastifyRequest): Promise<void> => {
    if (request.routeOptions.url !== SESSION_PATH) return;
    if (request.method === "POST") {
      await check(countSignIns, request, `More than ${SIGN_INS_A_MINUTE} attempts to sign in`);
    }
    if (request.method === "DELETE" && request.cookies[SESSION_COOKIE] !== undefined) {
      checkSameOrigin(request.headers, addressesOf(request));
    }
  };

  return {
    authenticate: async (route, request) => {
      await checkSession(request);
      const { method, headers } = request;
      const cookie = request.cookies[SESSION_COOKIE];
      const credentials = { method, headers, cookie, addresses: addressesOf(request) };
      try {
        return await authenticator(route, credentials);
      } catch (error) {
        const isRefused = error instanceof AppError && error.kind === "unauthorized";
        if (isRefused && route.caller !== "locust") {
          const what = `More than ${REFUSED_A_MINUTE} requests without a known token`;
          await check(countRefused, request, what);
        }
        throw error;
      }
    },
    isHttps: (request) =>
      request.protocol === "https" ||
      (publicUrl !== undefined && new URL(publicUrl).protocol === "https:"),
    endWithAccess: ({ again }, isAllowed, response) => {
      const isStillAllowed = async (): Promise<boolean> => {
        const principal = await again();
        return principal !== undefined && isAllowed(accessOf(principal, []));
      };
      response.on(
        "close",
        accessWatch.watch(isStillAllowed, () => response.end()),
      );
    },
  };
};
