import { createServer, connect, type Socket } from "node:net";

/** What a connection does with the bytes of both directions. */
export type Way =
  | "open"
  /** Accepts everything and delivers nothing, like a network that drops packets. */
  | "silent"
  /** Requests arrive, answers do not. */
  | "mute"
  /** Answers arrive, requests do not. */
  | "deaf"
  /** Connections are reset, and new ones refused. */
  | "closed"
  /** Everything arrives with this delay. */
  | { readonly delayMs: number };

export type FaultProxy = {
  readonly port: number;
  /** Sets the behaviour, also of open connections. */
  readonly become: (way: Way) => void;
  /** Resets every open connection; new ones behave as set by `become`. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

/** A TCP proxy on loopback in front of `target` (a port) that can simulate faults. */
export const startFaultProxy = async (target: number): Promise<FaultProxy> => {
  let way: Way = "open";
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket, isAnswer: boolean): void => {
    from.on("data", (bytes) => {
      if (way === "silent" || (way === "mute" && isAnswer) || (way === "deaf" && !isAnswer)) return;
      if (typeof way === "object") setTimeout(() => to.write(bytes), way.delayMs);
      else to.write(bytes);
    });
    from.on("close", () => to.destroy());
  };
  const server = createServer((client) => {
    if (way === "closed") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    keep(client);
    keep(upstream);
    pass(client, upstream, false);
    pass(upstream, client, true);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    become: (next) => {
      way = next;
      if (next === "closed") reset();
    },
    reset,
    close: () =>
      new Promise((resolve) => {
        reset();
        server.close(() => resolve());
      }),
  };
};
