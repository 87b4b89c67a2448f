import { createHash, randomBytes } from "node:crypto";

/** 256 random bits that nobody can guess, as text for a cookie. */
export const randomSecret = (): string => randomBytes(32).toString("base64url");

/** The SHA-256 of a text, in hex: a secret is stored and compared as this. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
