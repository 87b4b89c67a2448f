import { AppError } from "../lib/errors.ts";

const LOOPBACK_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Without tokens a browser is the danger: a page of another site may send requests to this server, and a foreign name that
 * resolves to this machine (DNS rebinding) may read the responses. Both show in the headers Host and Origin.
 */
export const guardLocal = (
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  publicUrl?: string,
): void => {
  const host = headers.host ?? "";
  if (!LOOPBACK_NAMES.test(host.replace(/:\d+$/, ""))) {
    throw new AppError(
      "forbidden",
      `Without tokens this server accepts requests to its own address only, not to ${JSON.stringify(host)}. Use http://127.0.0.1, or configure security.apiToken${publicUrl === undefined ? "" : `, so that it also answers under ${publicUrl}`}.`,
    );
  }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    throw new AppError(
      "forbidden",
      `Without tokens this server refuses requests from pages of ${headers.origin}. Configure security.apiToken.`,
    );
  }
};
