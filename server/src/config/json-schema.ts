import { z } from "zod";
import { Settings } from "./schema.ts";

type Node = z.core.JSONSchema.BaseSchema;

/** Any text or number may be a placeholder such as `${NAME}`. */
const PLACEHOLDER = { type: "string", pattern: "\\$\\{" } as const;

const openToVariables = (node: Node): void => {
  const { type, const: fixed } = node;
  if (fixed !== undefined || (type !== "string" && type !== "integer")) return;
  const shape = Object.fromEntries(
    Object.entries(node).filter(([key]) => key !== "description" && key !== "default"),
  );
  // A text without restrictions allows placeholders already.
  if (type === "string" && Object.keys(shape).every((key) => ["type", "minLength"].includes(key)))
    return;
  for (const key of Object.keys(shape)) delete node[key];
  node.anyOf = [shape, PLACEHOLDER];
};

/** `kind` is optional for an attached cluster; `projectID` is the older spelling of `projectId`. */
const asWritten = (node: Node): void => {
  const { kind, projectId } = node.properties ?? {};
  if (node.properties === undefined || kind === undefined || projectId === undefined) return;
  node.properties["projectID"] = {
    ...(projectId as Node),
    description: "The older spelling of projectId.",
    deprecated: true,
  };
  if ((kind as Node).const !== "attached") return;
  node.required = (node.required ?? []).filter((name) => name !== "kind" && name !== "projectId");
  node.anyOf = [{ required: ["projectId"] }, { required: ["projectID"] }];
};

/** The JSON Schema of `load-manager.yaml`, for completion and descriptions in editors. */
export const configJsonSchema = (): object => ({
  title: "Load Manager",
  ...z.toJSONSchema(Settings, {
    io: "input",
    unrepresentable: "any",
    // Editors support draft 7 best.
    target: "draft-7",
    override: ({ jsonSchema }) => {
      openToVariables(jsonSchema);
      asWritten(jsonSchema);
    },
  }),
});
