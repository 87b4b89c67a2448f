// The minimal server: node:http that reads a body and discards it.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => response.end("{}"));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `ready: ${typeof address === "object" && address !== null ? address.port : 0}\n`,
  );
});
