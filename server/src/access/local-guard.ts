import { AppError } from "../lib/errors.ts";

const LOOPBACK_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Without tokens the browser is the danger: a page of another site may send requests here, and a name that is made to
 * point to this machine may read the answers. Both carry names that are not this machine's.
 */
export const guardLocal = (headers: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): void => {
  const host = headers.host ?? "";
  if (!LOOPBACK_NAMES.test(host.replace(/:\d+$/, ""))) {
    throw new AppError(
      "forbidden",
      `Without tokens this server answers only to its own address, not to ${JSON.stringify(host)}; use http://127.0.0.1 or configure security.apiToken.`,
    );
  }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    throw new AppError(
      "forbidden",
      `Without tokens this server takes no requests from pages of ${headers.origin}; configure security.apiToken.`,
    );
  }
};
