import { z } from "zod";
import { Settings } from "./schema.ts";

type Node = z.core.JSONSchema.BaseSchema;

/** `${NAME}` may stand where any text or number stands. */
const INSTEAD = { type: "string", pattern: "\\$\\{" } as const;

const openToVariables = (node: Node): void => {
  const { type, const: fixed } = node;
  if (fixed !== undefined || (type !== "string" && type !== "integer")) return;
  const shape = Object.fromEntries(
    Object.entries(node).filter(([key]) => key !== "description" && key !== "default"),
  );
  // Where any text may stand, that may too.
  if (type === "string" && Object.keys(shape).every((key) => ["type", "minLength"].includes(key)))
    return;
  for (const key of Object.keys(shape)) delete node[key];
  node.anyOf = [shape, INSTEAD];
};

/** An attached cluster needs no `kind`, and may spell `projectID` as older files do. */
const asWritten = (node: Node): void => {
  const { kind, projectId } = node.properties ?? {};
  if (node.properties === undefined || kind === undefined || projectId === undefined) return;
  node.properties["projectID"] = {
    ...(projectId as Node),
    description: "The same as projectId; older files spell it so.",
    deprecated: true,
  };
  if ((kind as Node).const !== "attached") return;
  node.required = (node.required ?? []).filter((name) => name !== "kind" && name !== "projectId");
  node.anyOf = [{ required: ["projectId"] }, { required: ["projectID"] }];
};

/** The JSON Schema of `load-manager.yaml`, for editors: what may be written, with what each setting is. */
export const configJsonSchema = (): object => ({
  title: "Load Manager",
  ...z.toJSONSchema(Settings, {
    io: "input",
    unrepresentable: "any",
    // Draft 7 is what editors know best.
    target: "draft-7",
    override: ({ jsonSchema }) => {
      openToVariables(jsonSchema);
      asWritten(jsonSchema);
    },
  }),
});
