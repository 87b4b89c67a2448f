import { Scope } from "@load-manager/contract/model/primitives.ts";
import type { Fields } from "../read/fields.ts";
import { idOf } from "../read/json.ts";
import { type MappedScope, type Mapping, mapScope } from "./mapping.ts";

const filled = (value: unknown): string | undefined => {
  const text = typeof value === "string" ? value : idOf(value);
  return text === undefined || text.trim() === "" ? undefined : text;
};

/** Older names may contain spaces and slashes, which scopes may not. */
const dashed = (name: string | undefined, fields: Fields): string | undefined => {
  const right = name?.trim().replaceAll(/[\s/\\]+/g, "-");
  if (right !== name) fields.repaired.add("scope_name");
  return right;
};

/**
 * Takes a document's scope. A complete scope is kept; with an empty or partial one the tenant is mapped. Older values
 * that differ from the new scope go to the leftovers.
 */
export const takeScope = (fields: Fields, mapping: Mapping): MappedScope => {
  const own = {
    accountId: fields.take("accountId"),
    orgId: fields.take("orgId"),
    projectId: fields.take("projectId"),
    envId: fields.take("envId"),
  };
  const { accountId, orgId, projectId, envId } = own;
  const keep = (name: string, value: unknown, now: string | undefined): void => {
    if (value !== undefined && value !== "" && value !== now) fields.keep(name, value);
  };
  const env = dashed(filled(envId), fields);
  const whole = Scope.safeParse({
    accountId,
    orgId,
    projectId,
    ...(env === undefined ? {} : { envId: env }),
  });
  if (whole.success) {
    keep("envId", envId, whole.data.envId);
    return { ok: true, scope: whole.data };
  }
  const tenant = fields.take("tenantId");
  const mapped = mapScope(mapping, {
    tenantId: filled(tenant),
    projectId: dashed(filled(projectId), fields),
    envId: env,
  });
  if (mapped.ok) {
    keep("tenantId", tenant, undefined);
    keep("accountId", accountId, mapped.scope.accountId);
    keep("orgId", orgId, mapped.scope.orgId);
    keep("projectId", projectId, mapped.scope.projectId);
    keep("envId", envId, mapped.scope.envId);
  }
  return mapped;
};
