import { type Permission, permissionsOf } from "@load-manager/contract/api/access.ts";
import type { Scope, ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { covers } from "@load-manager/contract/model/scope.ts";
import { AppError, notFound } from "../lib/errors.ts";
import type { Principal } from "./principal.ts";

/** What the caller of one operation may see and change. */
export type Access = {
  /** The scopes that the caller may see; every role may. For lists. */
  readonly visible: readonly ScopeFilter[];
  readonly canSee: (scope: Scope) => boolean;
  /**
   * Throws AppError: not-found where the caller may not see the object, as for an object that does not exist, so that ids
   * cannot be probed; forbidden where it may, and lacks a permission of this operation there.
   */
  readonly check: (scope: Scope, what: string, id: string) => void;
  /** Whether the caller has these permissions for an object of the scope. */
  readonly may: (scope: Scope, permissions: readonly Permission[]) => boolean;
  /** For an operation on no object. Throws AppError forbidden where the caller lacks the permission in every scope. */
  readonly checkAnywhere: () => void;
};

const forbidden = (permission: Permission): AppError =>
  new AppError(
    "forbidden",
    `This needs the permission ${permission}, which your role does not have here; GET /v1/me shows what you may do.`,
  );

/** `permissions`: those that the operation needs. */
export const accessOf = (
  { grants }: Pick<Principal, "grants">,
  permissions: readonly Permission[],
): Access => {
  const visible = grants.map(({ scope }) => scope);
  const canSee = (scope: Scope): boolean => visible.some((one) => covers(one, scope));
  const scopesWith = (permission: Permission): ScopeFilter[] =>
    grants.filter(({ role }) => permissionsOf(role).includes(permission)).map(({ scope }) => scope);
  const needed = permissions.map((permission) => ({ permission, in: scopesWith(permission) }));
  return {
    visible,
    canSee,
    check: (scope, what, id) => {
      if (!canSee(scope)) throw notFound(what, id);
      const missing = needed.find((one) => !one.in.some((granted) => covers(granted, scope)));
      if (missing !== undefined) throw forbidden(missing.permission);
    },
    may: (scope, wanted) =>
      wanted.every((permission) => scopesWith(permission).some((one) => covers(one, scope))),
    checkAnywhere: () => {
      const missing = needed.find((one) => one.in.length === 0);
      if (missing !== undefined) throw forbidden(missing.permission);
    },
  };
};
