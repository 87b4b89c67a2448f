import { DEFINITIONS } from "@load-manager/contract/api/definitions.ts";
import { openApi } from "@load-manager/contract/api/openapi.ts";
import type { Route } from "@load-manager/contract/api/route.ts";

type Json = Record<string, unknown>;
type Table = Readonly<Record<string, Route>>;

const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2a7f4f; }
@media (prefers-color-scheme: dark) { :root { --accent: #5cc48b; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem 1.2rem 6rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.6rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { background: var(--soft); padding: .7rem; overflow-x: auto; border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: 0 .8rem; }
summary { cursor: pointer; padding: .5rem 0; display: flex; gap: .8rem; flex-wrap: wrap; align-items: baseline; }
.method { font-weight: 700; min-width: 4rem; color: var(--accent); } .what { opacity: .75; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; } th { text-align: left; font-weight: 600; }
td, th { border-bottom: 1px solid var(--line); padding: .25rem .6rem .25rem 0; vertical-align: top; }
a { color: var(--accent); } nav a { margin-right: 1rem; }
`;

const limitsOf = (schema: Json): string => {
  const parts = [
    ["minimum", "at least"],
    ["exclusiveMinimum", "above"],
    ["maximum", "at most"],
    ["maxLength", "characters at most"],
    ["default", "default"],
  ] as const;
  return parts
    .filter(
      ([key]) =>
        schema[key] !== undefined && Math.abs(Number(schema[key])) !== Number.MAX_SAFE_INTEGER,
    )
    .map(([key, text]) => `${text} ${JSON.stringify(schema[key])}`)
    .join(", ");
};

const typeOf = (schema: Json, depth = 0): string => {
  const { $ref, type, items, anyOf, oneOf, format } = schema;
  const values = schema["enum"];
  if (typeof $ref === "string") return $ref.split("/").at(-1) ?? "";
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches) && depth < 3) {
    return [...new Set(branches.map((branch: Json) => typeOf(branch, depth + 1)))].join(" | ");
  }
  if (type === "array") return `${typeOf((items ?? {}) as Json, depth + 1)}[]`;
  if (type === "string" && format === "date-time") return "time (ISO 8601)";
  return typeof type === "string" ? type : "any";
};

const fieldTable = (schema: Json): string => {
  const fields = Object.entries((schema["properties"] ?? {}) as Record<string, Json>);
  if (fields.length === 0) return "";
  const required = new Set((schema["required"] ?? []) as string[]);
  const rows = fields.map(
    ([name, field]) =>
      `<tr><td><code>${escape(name)}</code>${required.has(name) ? " *" : ""}</td><td>${escape(typeOf(field))}</td><td>${escape(limitsOf(field))}</td></tr>`,
  );
  return `<table><tr><th>Field</th><th>Type</th><th>Limits</th></tr>${rows.join("")}</table>`;
};

const curl = (route: Route): string => {
  const address = `http://127.0.0.1:8800${route.path.replaceAll(/:(\w+)/g, "{$1}")}`;
  const token = {
    user: ' -H "Authorization: Bearer $TOKEN"',
    locust: ' -H "X-Locust-Token: $TOKEN"',
    anyone: "",
  };
  const body = route.body === undefined ? "" : ` -H "Content-Type: application/json" -d '{ … }'`;
  const method = route.method === "GET" ? "" : ` -X ${route.method}`;
  return `curl${method} ${address}${token[route.caller]}${body}`;
};

const anchor = (tag: string): string => tag.toLowerCase().replaceAll(/\W+/g, "-");

/** A page without other resources: every endpoint with its fields, from the same table as the API. */
export const docsPage = (routes: Table, version: string): string => {
  const document = openApi(routes, version) as unknown as {
    paths: Record<
      string,
      Record<string, { parameters: { name: string; in: string; schema: Json }[] }>
    >;
    components: { schemas: Record<string, Json> };
  };
  const { schemas } = document.components;
  const shapeOf = (holder: unknown): string => {
    const name = /"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(holder ?? null))?.[1];
    return name === undefined ? "" : fieldTable(schemas[name] ?? {});
  };
  const section = (key: string, route: Route): string => {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    const operation = document.paths[path]?.[route.method.toLowerCase()] as
      | {
          parameters: { name: string; in: string; schema: Json }[];
          requestBody?: unknown;
          responses: Json;
        }
      | undefined;
    const query = (operation?.parameters ?? []).filter((parameter) => parameter.in === "query");
    const queryTable = fieldTable({
      properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    });
    const good = Object.entries(operation?.responses ?? {}).filter(
      ([status]) => Number(status) < 300,
    );
    const part = (title: string, content: string): string =>
      content === "" ? "" : `<h4>${title}</h4>${content}`;
    return `<details id="${key}"><summary><span class="method">${route.method}</span><code>${escape(path)}</code><span class="what">${escape(route.summary)}</span></summary>
${route.description === undefined ? "" : `<p>${escape(route.description)}</p>`}<pre>${escape(curl(route))}</pre>
${part("Query", queryTable)}${part("Body (* = required)", shapeOf(operation?.requestBody))}${part(`Response ${good.map(([status]) => status).join(" or ")}`, shapeOf(good[0]?.[1]))}</details>`;
  };
  const tags = [...new Set(Object.values(routes).map((route) => route.tag))];
  const body = tags.map((tag) => {
    const mine = Object.entries(routes).filter(([, route]) => route.tag === tag);
    return `<h2 id="${anchor(tag)}">${escape(tag)}</h2>${mine.map(([key, route]) => section(key, route)).join("")}`;
  });
  const meanings = DEFINITIONS.map(
    ({ term, text }) =>
      `<tr><td><strong>${escape(term)}</strong></td><td>${escape(text)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Load Manager API</title><style>${STYLE}</style></head><body>
<h1>Load Manager API</h1><p>Version ${escape(version)} · <a href="/openapi.json">OpenAPI 3.1</a> · errors are <code>application/problem+json</code> and name the field · times are ISO 8601 in responses, ISO 8601 or Unix ms in requests</p>
<nav>${tags.map((tag) => `<a href="#${anchor(tag)}">${escape(tag)}</a>`).join("")}<a href="#definitions">Definitions</a></nav>
${body.join("\n")}
<h2 id="definitions">Definitions</h2><table>${meanings.join("")}</table></body></html>`;
};
