import { z } from "zod";
import { Time } from "./primitives.ts";

/** A person who signed in with a token. A session counts while the server's configuration has that token. */
export const Session = z.object({
  /** The SHA-256 of the cookie, in hex: whoever reads the store cannot use the session. */
  id: z.string(),
  /** The SHA-256 of the token, in hex. */
  tokenDigest: z.string(),
  createdAt: Time,
  lastUsedAt: Time,
  version: z.int(),
});
export type Session = z.output<typeof Session>;
