import { AppError } from "../lib/errors.ts";

/**
 * A cookie travels with requests that other pages send, so a write with one must come from this server's own page. A browser
 * says so in Sec-Fetch-Site, or, on plain http under a name, only in Origin. `addresses`: the origins of this server.
 */
export const checkSameOrigin = (
  headers: {
    readonly "sec-fetch-site"?: string | string[] | undefined;
    readonly origin?: string | undefined;
  },
  addresses: readonly string[],
): void => {
  const site = headers["sec-fetch-site"];
  const isOwn =
    site === undefined
      ? headers.origin !== undefined && addresses.includes(headers.origin)
      : site === "same-origin";
  if (isOwn) return;
  throw new AppError(
    "forbidden",
    "A request that changes something with the session's cookie must come from a page of this server. Programs send Authorization: Bearer <token>.",
  );
};
