import { createInterface } from "node:readline/promises";
import { createClient } from "@load-manager/contract/api/client.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Command } from "commander";
import { profileFile, writeProfile } from "./remote/profile.ts";
import { answered, remoteOf, type RemoteOptions, withRemote } from "./remote/remote.ts";

const askToken = async (): Promise<string | undefined> => {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question("Token (empty where the server has none): ");
    return typed.trim() === "" ? undefined : typed.trim();
  } finally {
    lines.close();
  }
};

const login = async (options: RemoteOptions, out: (line: string) => void): Promise<void> => {
  if (options.server === undefined) {
    throw new AppError("validation", "--server names the server to log in at.");
  }
  // What was stored before is not taken: a token is asked for where none is given.
  const given = options.tokenFile !== undefined || process.env["LOAD_MANAGER_API_TOKEN"];
  const token = given ? remoteOf(options).token : await askToken();
  const profile = { server: options.server, ...(token === undefined ? {} : { token }) };
  const client = createClient({
    baseUrl: profile.server,
    ...(token === undefined ? {} : { token }),
  });
  const me = await answered(client.getMe());
  writeProfile(profile);
  out(`Logged in at ${profile.server} as ${me.name}. Kept in ${profileFile()}.`);
};

/** `login`: which server further commands ask. */
export const addLogin = (program: Command, out: (line: string) => void): void => {
  withRemote(program.command("login"))
    .description("keep a server and a token for further commands")
    .action((options: RemoteOptions) => login(options, out));
};
