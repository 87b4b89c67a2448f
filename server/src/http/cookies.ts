import { fastifyCookie } from "@fastify/cookie";
import { SESSION_MS } from "../auth/sessions.ts";

export const SESSION_COOKIE = "load_manager_session";

const attributes = (isHttps: boolean) =>
  ({ path: "/", httpOnly: true, sameSite: "strict", secure: isHttps }) as const;

/** No page's script can read the cookie, and no page of another site can make a browser send it. */
export const sessionCookie = (value: string, isHttps: boolean): string =>
  fastifyCookie.serialize(SESSION_COOKIE, value, {
    ...attributes(isHttps),
    maxAge: SESSION_MS / 1000,
  });

export const clearedCookie = (isHttps: boolean): string =>
  fastifyCookie.serialize(SESSION_COOKIE, "", { ...attributes(isHttps), maxAge: 0 });
