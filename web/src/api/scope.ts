import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";

/** What every address may have: the scope that lists show, as account/org/project/env. */
export type ScopeSearch = { readonly scope?: string | undefined };

/** Addresses may be typed: what is no encoding stands for itself. */
const decoded = (level: string): string => {
  try {
    return decodeURIComponent(level);
  } catch {
    return level;
  }
};

/** `account/org/project/env` of an address; levels may be missing from the end. */
export const scopeOfText = (text: string | undefined): ScopeFilter => {
  const [accountId, orgId, projectId, envId] = (text ?? "").split("/").map(decoded);
  return {
    ...(accountId ? { accountId } : {}),
    ...(orgId ? { orgId } : {}),
    ...(projectId ? { projectId } : {}),
    ...(envId ? { envId } : {}),
  };
};

/** The text of an address for a scope; `undefined` for everything. */
export const textOfScope = ({
  accountId,
  orgId,
  projectId,
  envId,
}: ScopeFilter): string | undefined => {
  const levels = [accountId, orgId, projectId, envId];
  const end = levels.findIndex((level) => level === undefined);
  const named = (end === -1 ? levels : levels.slice(0, end)) as string[];
  return named.length === 0 ? undefined : named.map(encodeURIComponent).join("/");
};

/** `acme / web / checkout · staging`. */
export const nameOfScope = ({ accountId, orgId, projectId, envId }: ScopeFilter): string => {
  const levels = [accountId, orgId, projectId].filter((level) => level !== undefined).join(" / ");
  if (levels === "") return "Everything";
  return envId === undefined ? levels : `${levels} · ${envId}`;
};
