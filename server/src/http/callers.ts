import type { ServerResponse } from "node:http";
import type { Route } from "@load-manager/contract/api/route.ts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Principal } from "../auth/principal.ts";
import type { Sessions } from "../auth/sessions.ts";
import { AppError } from "../lib/errors.ts";
import { SESSION_COOKIE } from "./cookies.ts";

/** Requests with a wrong token, or attempts to sign in, that one address may send in a minute. */
const REFUSED_A_MINUTE = 120;
const SIGN_INS_A_MINUTE = 20;

export type CallerDeps = {
  readonly authenticator: Authenticator;
  readonly sessions: Pick<Sessions, "watch">;
  /** The address under which people reach the server, where it is configured. */
  readonly publicUrl: string | undefined;
};

export type Callers = {
  readonly authenticate: (
    caller: Route["caller"],
    request: FastifyRequest,
  ) => Promise<{ readonly principal: Principal; readonly cookie: string | undefined }>;
  readonly isHttps: (request: FastifyRequest) => boolean;
  readonly endWithSession: (cookie: string, response: ServerResponse) => void;
};

/** Who sends requests, with limits for those who guess. Needs the plugins for cookies and rate limits. */
export const createCallers = (app: FastifyInstance, deps: CallerDeps): Callers => {
  const { authenticator, sessions, publicUrl } = deps;
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

  return {
    authenticate: async (caller, request) => {
      const cookie = request.cookies[SESSION_COOKIE];
      if (request.routeOptions.url === "/v1/session" && request.method === "POST") {
        await check(countSignIns, request, `More than ${SIGN_INS_A_MINUTE} attempts to sign in`);
      }
      const { method, headers } = request;
      const credentials = { method, headers, cookie, addresses: addressesOf(request) };
      try {
        return { principal: await authenticator(caller, credentials), cookie };
      } catch (error) {
        const isRefused = error instanceof AppError && error.kind === "unauthorized";
        if (isRefused && caller !== "locust") {
          const what = `More than ${REFUSED_A_MINUTE} requests without a known token`;
          await check(countRefused, request, what);
        }
        throw error;
      }
    },
    isHttps: (request) => request.protocol === "https" || publicUrl?.startsWith("https:") === true,
    endWithSession: (cookie, response) => {
      response.on(
        "close",
        sessions.watch(cookie, () => response.end()),
      );
    },
  };
};
