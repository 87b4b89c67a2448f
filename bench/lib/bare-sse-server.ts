// The minimal live stream: writes the body of every POST to all clients unchanged.
import { createServer, type ServerResponse } from "node:http";

const listeners = new Set<ServerResponse>();
const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    listeners.add(response);
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const frame = Buffer.concat(parts);
    for (const listener of listeners) listener.write(frame);
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `ready: ${typeof address === "object" && address !== null ? address.port : 0}\n`,
  );
});
