import { readFileSync } from "node:fs";
import { createClient } from "@load-manager/contract/api/client.ts";
import {
  type Client,
  ProblemError,
  UnreachableError,
} from "@load-manager/contract/api/http-client.ts";
import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import type { Command } from "commander";
import { readProfile } from "./profile.ts";

export type RemoteOptions = { readonly server?: string; readonly tokenFile?: string };

const DEFAULT_SERVER = "http://127.0.0.1:8800";
const SERVER_VARIABLE = "LOAD_MANAGER_URL";
const TOKEN_VARIABLE = "LOAD_MANAGER_API_TOKEN";

export const withRemote = (command: Command): Command =>
  command
    .option(
      "--server <address>",
      `address of the server (default: $${SERVER_VARIABLE}, else that of load-manager login, else ${DEFAULT_SERVER})`,
    )
    .option(
      "--token-file <file>",
      `file with a token (default: $${TOKEN_VARIABLE}, else that of load-manager login)`,
    );

const textOfFile = (file: string): string => {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new AppError("validation", `--token-file cannot be read: ${messageOf(error)}.`);
  }
};

const present = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

/** The server that a command asks: of flags, variables or the profile, in this order. `isNamed`: whether one of them names it. */
export const remoteOf = ({ server, tokenFile }: RemoteOptions) => {
  const named = server ?? present(process.env[SERVER_VARIABLE]);
  const profile = readProfile();
  const given = tokenFile === undefined ? process.env[TOKEN_VARIABLE] : textOfFile(tokenFile);
  // The token of a profile is for its own server.
  const ownToken = named === undefined || named === profile?.server ? profile?.token : undefined;
  const token = present(given) ?? ownToken;
  return {
    baseUrl: named ?? profile?.server ?? DEFAULT_SERVER,
    isNamed: named !== undefined || profile !== undefined,
    ...(token === undefined ? {} : { token }),
  };
};

export const clientOf = (options: RemoteOptions): Client => {
  const { baseUrl, token } = remoteOf(options);
  return createClient({ baseUrl, ...(token === undefined ? {} : { token }) });
};

/**
 * A refusal of the server as one of the command's own: its sentence, and a line for each further fault. It decides the exit code
 * of the process, too. What is no refusal stays as it is.
 */
export const refusalOf = (error: unknown): unknown => {
  if (error instanceof UnreachableError) {
    process.exitCode = EXIT_CODES.unreachable;
    return new AppError("unavailable", error.message);
  }
  if (!(error instanceof ProblemError)) return error;
  const isNotAllowed = error.status === 401 || error.status === 403;
  if (isNotAllowed) process.exitCode = EXIT_CODES.notAllowed;
  if (error.status === 401) {
    const detail = `The server does not take the token, or there is none: --token-file, $${TOKEN_VARIABLE} or load-manager login gives one.`;
    return new AppError("validation", detail);
  }
  const faults = (error.problem?.errors ?? []).slice(1).map(({ message }) => `  ${message}`);
  return new AppError("validation", [error.message, ...faults].join("\n"));
};

/** The answer of the server; rejects with its refusal as `refusalOf` says it. */
export const answered = async <T>(request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw refusalOf(error);
  }
};
