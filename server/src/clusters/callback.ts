/** Where and with which tokens Locust reaches this server; both change while it runs. */
export type Callback = {
  /** The present token first: a plugin that was started before a reload still knows an older one. */
  readonly callbackTokens: () => readonly string[];
  readonly callbackUrls: () => readonly string[];
  /** Where the server listens: used where no address is configured. */
  readonly setAddress: (address: string) => void;
  readonly addTokens: (tokens: readonly string[]) => void;
};

export const createCallback = (
  urls: readonly string[],
  configuredTokens: readonly string[],
): Callback => {
  let address = "";
  let tokens = configuredTokens;
  return {
    callbackTokens: () => tokens,
    callbackUrls: () => (urls.length > 0 ? urls : [address]),
    setAddress: (next) => {
      address = next;
    },
    addTokens: (next) => {
      tokens = [...new Set([...next, ...tokens])];
    },
  };
};
