import { RunAddress } from "@load-manager/contract/plugin/protocol.ts";

/** Where and with which tokens Locust reaches this server; both change while it runs. */
export type Callback = {
  /** The present token first: a plugin that was started before a reload still knows an older one. */
  readonly callbackTokens: () => readonly string[];
  readonly callbackUrls: () => readonly string[];
  /** Where people find a run; nothing where `server.publicUrl` is not configured. */
  readonly runAddress: (runId: string) => RunAddress;
  /** Where the server listens: used where no address is configured. */
  readonly setAddress: (address: string) => void;
  readonly addTokens: (tokens: readonly string[]) => void;
};

export const createCallback = (
  urls: readonly string[],
  configuredTokens: readonly string[],
  publicUrl?: string,
): Callback => {
  let address = "";
  let tokens = configuredTokens;
  return {
    callbackTokens: () => tokens,
    callbackUrls: () => (urls.length > 0 ? urls : [address]),
    runAddress: (runId) =>
      publicUrl === undefined
        ? {}
        : RunAddress.parse({ runUrl: `${publicUrl.replace(/\/+$/, "")}/v1/runs/${runId}` }),
    setAddress: (next) => {
      address = next;
    },
    addTokens: (next) => {
      tokens = [...new Set([...next, ...tokens])];
    },
  };
};
