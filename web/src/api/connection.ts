/** Whether the server answers, as the newest request tells. */
export type Connection = {
  readonly isLost: () => boolean;
  /** When the newest answer came, in Unix ms by this browser's clock; 0: none has come yet. */
  readonly answeredAt: () => number;
  /** → the function that ends it */
  readonly subscribe: (onChange: () => void) => () => void;
  readonly fetch: typeof fetch;
};

/** What a proxy answers for a server that is away. The server's own problems have a document. */
const AWAY: readonly number[] = [502, 503, 504];
const isOfServer = ({ status, headers }: Response): boolean =>
  !AWAY.includes(status) || (headers.get("content-type") ?? "").includes("json");

/** Watches each request that goes through its `fetch`. */
export const createConnection = (
  send: typeof fetch,
  clock: { readonly now: () => number },
): Connection => {
  const listeners = new Set<() => void>();
  let isLost = false;
  let answeredAt = 0;
  const become = (lost: boolean): void => {
    if (lost === isLost) return;
    isLost = lost;
    for (const listener of listeners) listener();
  };
  return {
    isLost: () => isLost,
    answeredAt: () => answeredAt,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fetch: async (input, init) => {
      try {
        const answer = await send(input, init);
        const isThere = isOfServer(answer);
        if (isThere) answeredAt = clock.now();
        become(!isThere);
        return answer;
      } catch (error) {
        // The page itself ends requests whose answers it no longer needs.
        if (init?.signal?.aborted !== true) become(true);
        throw error;
      }
    },
  };
};
