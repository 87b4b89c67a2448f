import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";

/** The server that commands ask where neither a flag nor a variable names one. */
export type Profile = { readonly server: string; readonly token?: string };

const isProfile = (value: unknown): value is Profile => {
  const { server, token } = (value ?? {}) as Partial<Record<keyof Profile, unknown>>;
  return typeof server === "string" && (token === undefined || typeof token === "string");
};

export const profileFile = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(
    environment["XDG_CONFIG_HOME"] || join(environment["HOME"] ?? homedir(), ".config"),
    "load-manager",
    "profile.json",
  );

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** `undefined` where `load-manager login` has written none. Throws AppError validation where the file is none of its own. */
export const readProfile = (file = profileFile()): Profile | undefined => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const known = parsed(text);
  if (isProfile(known)) return known;
  const detail = `${file} is no profile of load-manager login; delete it, or log in again.`;
  throw new AppError("validation", detail);
};

/** Only the user who owns it can read it. */
export const writeProfile = (profile: Profile, file = profileFile()): void => {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(profile, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
  } catch (error) {
    throw new AppError("validation", `${file} cannot be written: ${messageOf(error)}.`);
  }
};
