import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fastifyStatic } from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { randomSecret } from "../lib/secrets.ts";

/** The page as it was built (`web/`): index.html with a placeholder for the nonce, and a folder `assets` whose names have a hash. */
export type Page = { readonly folder: string; readonly html: () => string };

/** Stands for the nonce of an answer; web/vite.config.ts writes it into index.html. */
const NONCE = "{{nonce}}";
const YEAR = "365d";

/** `undefined` where nothing is built. index.html is read each time: it names the assets of the newest build, and older ones are gone. */
export const readPage = (folder: string): Page | undefined => {
  const file = join(folder, "index.html");
  let last = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (last === undefined) return undefined;
  const html = (): string => {
    // Between two builds it is not there for a moment.
    if (existsSync(file)) last = readFileSync(file, "utf8");
    return last ?? "";
  };
  return { folder, html };
};

/** Its libraries write style elements, which have the nonce; everything else comes from the server itself. */
const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

/** Whether a browser has asked for a page of the application; paths of the API answer in JSON whoever asks. */
export const wantsPage = ({ method, url, headers }: FastifyRequest): boolean =>
  (method === "GET" || method === "HEAD") &&
  !/^\/(?:v1|assets)(?:[/?]|$)/.test(url) &&
  (headers.accept ?? "").includes("text/html");

/** Every path of the application is the same document, whose router reads the address. */
export const sendPage = ({ html }: Page, reply: FastifyReply): FastifyReply => {
  const nonce = randomSecret();
  return reply
    .headers({ "content-security-policy": policyOf(nonce), "cache-control": "no-store" })
    .type("text/html; charset=utf-8")
    .send(html().replaceAll(NONCE, nonce));
};

/** `/` and the assets; the application's other paths are unknown ones, which `refuseUnknownRoutes` answers with it. */
export const addPage = (app: FastifyInstance, page: Page): void => {
  app.get("/", (_, reply) => sendPage(page, reply));
  void app.register(fastifyStatic, {
    root: join(page.folder, "assets"),
    prefix: "/assets/",
    index: false,
    immutable: true,
    maxAge: YEAR,
    preCompressed: true,
  });
};
