import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";
import { parseMapping } from "@load-manager/legacy-import/transform/mapping.ts";
import { configJsonSchema } from "./json-schema.ts";
import { SCALARS } from "./schema.ts";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";

const ROOT = new URL("../../../", import.meta.url);
const DOCS = readFileSync(new URL("docs/configuration.md", ROOT), "utf8");
const README = readFileSync(new URL("README.md", ROOT), "utf8");
const examples = (text: string): string[] =>
  [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml ?? "");
const load = (yaml: string, env: Record<string, string> = {}) => {
  const file = join(temporaryFolder(), "load-manager.yaml");
  writeFileSync(file, yaml);
  return loadConfig({ config: file }, env);
};

test("docs/configuration.md has every setting with its variable and its default", () => {
  const { properties } = configJsonSchema() as {
    properties: Record<
      string,
      { properties?: Record<string, { default?: string | number | unknown[] }> }
    >;
  };
  for (const [section, { properties: keys }] of Object.entries(properties)) {
    for (const [key, shape] of Object.entries(keys ?? {})) {
      const path = `${section}.${key}`;
      const row = DOCS.split("\n").find((line) => line.startsWith(`| \`${path}\` |`));
      expect(row ?? `no row of ${path}`).toContain(`\`${path}\``);
      if (shape.default !== undefined && !Array.isArray(shape.default)) {
        expect(row).toContain(`| \`${String(shape.default)}\` |`);
      }
    }
  }
  const named = new Set(DOCS.match(/\bLOAD_MANAGER_[A-Z_]+[A-Z]\b/g));
  const values = Object.keys(SCALARS).map((path) => {
    const variable = `LOAD_MANAGER_${path
      .replaceAll(/([A-Z])/g, "_$1")
      .replace(".", "_")
      .toUpperCase()}`;
    expect(named).toContain(variable);
    return [variable, "x"];
  });
  expect(() => loadConfig({}, Object.fromEntries(values) as Record<string, string>)).toThrow(
    /LOAD_MANAGER_SERVER_PORT: server\.port/,
  );
});

test("the examples of docs/configuration.md and README.md are valid", () => {
  const [main = "", mapping = ""] = examples(DOCS);
  const env = { SHOP_TEAM_TOKEN: "Zk3-of-the-shop-team", LOCUST_TOKEN: "Zk3-of-locust" };
  const secret = join(temporaryFolder(), "administrator");
  writeFileSync(secret, "Zk3-of-the-administrator");
  const { config } = load(main.replace("/run/secrets/administrator", secret), env);
  expect(config.locustClusters).toHaveLength(2);
  expect(parseMapping(mapping, "mapping.yaml").patterns).toHaveLength(1);
  const [readme = ""] = examples(README);
  expect(load(readme).config.security.apiTokens).toHaveLength(1);
});
