import { createServer, connect, type Socket } from "node:net";

/** What the way between two programs does to what goes over it. */
export type Way =
  | "open"
  /** Everything is taken, nothing arrives: a network that drops packets. */
  | "silent"
  /** What is sent arrives, what is answered does not. */
  | "mute"
  /** What is answered arrives, what is sent does not. */
  | "deaf"
  /** Connections are broken, and no new one is taken. */
  | "closed"
  /** Everything arrives this much later. */
  | { readonly delayMs: number };

export type FaultProxy = {
  readonly port: number;
  /** From now on, also for connections that are open. */
  readonly become: (way: Way) => void;
  /** Breaks every connection once; new ones are as `become` says. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

/** A TCP proxy on loopback before `target` (a port) that can be told to misbehave. */
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
