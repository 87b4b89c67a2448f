import { expect, test } from "vitest";
import { configJsonSchema } from "./json-schema.ts";
import { SCALARS } from "./schema.ts";

type Node = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly required?: readonly string[];
  readonly anyOf?: readonly object[];
};
const SCHEMA: Node = configJsonSchema();

const described = (node: Node, path = ""): string[] => [
  ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    ...(child.description === undefined ? [`${path}.${name}`] : []),
    ...described(child, `${path}.${name}`),
  ]),
  ...[node.items ?? [], node.oneOf ?? []].flat().flatMap((child) => described(child, `${path}[]`)),
];

test("the schema has every setting with a description", () => {
  expect(described(SCHEMA)).toEqual([]);
  for (const path of Object.keys(SCALARS)) {
    const [section = "", key = ""] = path.split(".");
    expect(SCHEMA.properties?.[section]?.properties).toHaveProperty(key);
  }
});

test("an attached cluster needs no kind and may spell projectID; variables may stand for values", () => {
  const [attached, local] = SCHEMA.properties?.["locustClusters"]?.items?.oneOf ?? [];
  expect(attached?.required).toEqual(["id", "accountId", "orgId", "baseUrl"]);
  expect(attached?.anyOf).toEqual([{ required: ["projectId"] }, { required: ["projectID"] }]);
  expect(local?.required).toEqual(["id", "kind"]);
  expect(SCHEMA.properties?.["server"]?.properties?.["port"]?.anyOf).toContainEqual({
    type: "string",
    pattern: "\\$\\{",
  });
});
