import { createHash } from "node:crypto";
import { DEFINITIONS, FORMATS } from "@load-manager/contract/api/definitions.ts";
import { exampleOf } from "@load-manager/contract/api/examples.ts";
import {
  type OpenApi,
  type Operation,
  type Parameter,
  templateOf,
} from "@load-manager/contract/api/openapi.ts";
import { PROBLEMS } from "@load-manager/contract/api/problem.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import { SCRIPT, STYLE } from "./docs-assets.ts";
import { escape, fieldTable, nameOfRef, prose, schemaAnchor, shapeOf } from "./docs-fields.ts";

type Table = Readonly<Record<string, Route>>;

const digest = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Only the page's own style and script run, and it loads nothing. */
export const DOCS_POLICY = [
  "default-src 'none'",
  `style-src ${digest(STYLE)}`,
  `script-src ${digest(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Stands for the server's address, which is the one that a reader has asked. */
const ADDRESS = "{{address}}";

const link = (id: string): string => `<a class="anchor" href="#${id}" aria-label="Link">#</a>`;

const tagAnchor = (tag: string): string => tag.toLowerCase().replaceAll(/\W+/g, "-");

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const curlOf = (key: string, route: Route, isOpen: boolean): string => {
  const { params = {}, query = {}, body } = exampleOf(key);
  const values = new Map<string, unknown>(Object.entries(params));
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => String(values.get(name)));
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const url = `${ADDRESS}${path}${search.size === 0 ? "" : `?${search.toString()}`}`;
  const token = { user: "Authorization: Bearer $TOKEN", locust: "X-Locust-Token: $TOKEN" };
  const isStream = Object.values(route.answers).includes("text/event-stream");
  return [
    `curl${isStream ? " -N" : ""}${route.method === "GET" ? "" : ` -X ${route.method}`} ${quoted(url)}`,
    ...(isOpen || route.caller === "anyone" ? [] : [`-H "${token[route.caller]}"`]),
    ...(body === undefined
      ? []
      : [
          "-H 'Content-Type: application/json'",
          `-d ${quoted(JSON.stringify(body, undefined, 2))}`,
        ]),
  ].join(" \\\n  ");
};

const exampleText = (example: unknown): string =>
  typeof example === "string" ? example : JSON.stringify(example, undefined, 2);

/** Named schemas with a section of their own; the others belong to one operation and are shown there. */
const sectionsOf = ({ components }: OpenApi): string[] =>
  Object.keys(components.schemas)
    .filter((name) => !/(Body|Answer)$/.test(name) || name === "CallbackAnswer")
    .filter((name) => name !== "JsonValue")
    .toSorted();

const operationSection = (
  document: OpenApi,
  key: string,
  route: Route,
  operation: Operation,
  isOpen: boolean,
): string => {
  const { schemas, parameters, responses } = document.components;
  const hasSection = (name: string): boolean => sectionsOf(document).includes(name);
  const group = (name: string, title: string, content: string): string =>
    content === ""
      ? ""
      : `<h4 id="${key}-${name}">${title}${link(`${key}-${name}`)}</h4>${content}`;
  const all = operation.parameters.map((parameter): Parameter =>
    "$ref" in parameter
      ? parameters[nameOfRef(parameter.$ref) as keyof typeof parameters]
      : parameter,
  );
  const tableOf = (place: Parameter["in"]): string => {
    const mine = all.filter((parameter) => parameter.in === place);
    const fields = mine.map(({ name, schema, description }) => [name, { ...schema, description }]);
    const required = mine.filter((parameter) => parameter.required).map(({ name }) => name);
    return fieldTable({ properties: Object.fromEntries(fields), required }, "request");
  };
  const bodyMedia = Object.values(operation.requestBody?.content ?? {})[0];
  const body =
    bodyMedia === undefined ? "" : shapeOf(bodyMedia.schema, schemas, hasSection, "request");
  const answers = Object.entries(operation.responses).flatMap(([status, response]) =>
    "$ref" in response ? [] : [{ status, ...response }],
  );
  const answer = answers.map(({ status, headers = {}, content = {} }, index) => {
    const types = Object.entries(content);
    const names = Object.keys(headers).filter((name) => name !== "X-Request-Id");
    const said = [
      types.map(([type]) => `<code>${escape(type)}</code>`).join(" or ") || "no content",
      ...(names.length === 0
        ? []
        : [`headers ${names.map((name) => `<code>${name}</code>`).join(", ")}`]),
    ];
    const [first] = types;
    // A second status has the same fields; a named schema is only a link.
    const isShown = index === 0 || first?.[1].schema.$ref?.endsWith("Answer") !== true;
    const shape =
      first === undefined || !isShown
        ? ""
        : shapeOf(first[1].schema, schemas, hasSection, "answer");
    return `<p><strong>${status}</strong> ${said.join(", ")}</p>${shape}`;
  });
  const example = answers
    .flatMap(({ content = {} }) => Object.values(content))
    .find((media) => media.example !== undefined);
  const errors = Object.entries(operation.responses).flatMap(([status, response]) =>
    "$ref" in response
      ? [
          `<a href="#errors" title="${escape(responses[nameOfRef(response.$ref)]?.description ?? "")}">${status}</a>`,
        ]
      : [],
  );
  return `<details id="${key}"><summary><span class="method">${route.method}</span><code>${escape(templateOf(route))}</code><span>${escape(route.summary)}</span></summary><div>
<p class="quiet">${operation.description === undefined ? "" : `${prose(operation.description)} `}Operation <code>${key}</code>${link(key)}</p>
${group("example", "Example", `<pre>${escape(curlOf(key, route, isOpen))}</pre>`)}
${group("path", "Path", tableOf("path"))}${group("query", "Query", tableOf("query"))}${group("headers", "Headers", tableOf("header"))}
${group("body", `Body${route.bodyOptional === true ? " (may be absent)" : ""}`, body)}
${group("response", "Response", answer.join(""))}
${example === undefined ? "" : `<pre>${escape(exampleText(example.example))}</pre>`}
${group("errors", "Errors", `<p>${errors.join(", ")}</p>`)}</div></details>`;
};

const termTable = (rows: readonly { readonly term: string; readonly text: string }[]): string =>
  `<table class="terms">${rows.map(({ term, text }) => `<tr><td>${escape(term)}</td><td>${prose(text)}</td></tr>`).join("")}</table>`;

/** A page without other resources: everything that the OpenAPI document says, for people. The result takes the server's address. */
export const docsPage = (
  routes: Table,
  document: OpenApi,
  isOpen: boolean,
): ((address: string) => string) => {
  const entries = Object.entries(routes);
  const names = sectionsOf(document);
  const groups = document.tags.map(({ name, description }) => {
    const mine = entries.filter(([, route]) => route.tag === name);
    const id = tagAnchor(name);
    const sections = mine.flatMap(([key, route]) => {
      const operation = document.paths[templateOf(route)]?.[route.method.toLowerCase()];
      return operation === undefined
        ? []
        : [operationSection(document, key, route, operation, isOpen)];
    });
    return {
      list: `<div data-group="a[href]:not(strong a)"><strong><a href="#${id}">${escape(name)}</a></strong>${mine.map(([key, route]) => `<a href="#${key}"><span>${route.method}</span>${escape(route.summary)}</a>`).join("")}</div>`,
      section: `<section data-group="details"><h2 id="${id}">${escape(name)}${link(id)}</h2><p>${escape(description)}</p>${sections.join("\n")}</section>`,
    };
  });
  const schemas = names.map((name) => {
    const schema = document.components.schemas[name] ?? {};
    const table = schema.properties === undefined ? "" : fieldTable(schema, "answer");
    return `<details id="${schemaAnchor(name)}"><summary><span class="method">schema</span><code>${name}</code><span></span></summary><div>${table}</div></details>`;
  });
  const errors = Object.entries(PROBLEMS).map(
    ([kind, { status, title, meaning }]) =>
      `<tr><td><code>${status}</code> ${escape(title)}</td><td>${escape(meaning)} <code>${kind}</code></td></tr>`,
  );
  const { version, title } = document.info;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)} API</title><style>${STYLE}</style></head><body>
<nav aria-label="Contents"><input id="filter" type="search" placeholder="Filter ( / )" aria-label="Filter operations and schemas" autocomplete="off" hidden><output id="count" for="filter"></output>
<div class="list"><a href="#formats">Formats</a><a href="#errors">Errors</a><a href="#definitions">Definitions of the metrics</a><a href="#schemas">Schemas</a>${groups.map(({ list }) => list).join("")}</div></nav>
<main><h1>${escape(title)} API</h1><p class="quiet">Version ${escape(version)} · <code>${ADDRESS}</code> · <a href="/openapi.json">OpenAPI 3.1 document</a></p>
<section data-group="details"><h2 id="formats">Formats${link("formats")}</h2>${termTable(FORMATS)}</section>
${groups.map(({ section }) => section).join("\n")}
<section data-group="details"><h2 id="schemas">Schemas${link("schemas")}</h2><p>Objects of several operations.</p>${schemas.join("\n")}</section>
<section data-group="details"><h2 id="errors">Errors${link("errors")}</h2><p>The last word is the end of the problem's <code>type</code>.</p><table class="terms">${errors.join("")}</table></section>
<section data-group="details"><h2 id="definitions">Definitions of the metrics${link("definitions")}</h2>${termTable(DEFINITIONS)}</section>
</main><script>${SCRIPT}</script></body></html>`;
  return (address) => html.replaceAll(ADDRESS, escape(address));
};
