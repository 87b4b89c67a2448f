import { describe, expect, test } from "vitest";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { mapScope, parseMapping } from "./mapping.ts";

const MAPPING = parseMapping(
  `
tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789, envId: production }
  42: { accountId: numbers, orgId: o, projectId: "\${projectId}" }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
  - { match: "*.*", accountId: "$2", orgId: "$1-of-$2", projectId: "\${tenantId}", envId: "\${envId}" }
`,
  "mapping.yaml",
);
const DEFAULT = parseMapping(
  "default: { accountId: a, orgId: o, projectId: '${projectId}' }",
  "m.yaml",
);
const refused = (text: string): AppError => {
  try {
    parseMapping(text, "mapping.yaml");
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
};

describe("the mapping of tenants", () => {
  test("exact tenants go before patterns, these in order before the default", () => {
    expect(mapScope(MAPPING, { tenantId: "acme", envId: "old" })).toEqual({
      ok: true,
      scope: { accountId: "acc123", orgId: "org456", projectId: "proj789", envId: "production" },
    });
    expect(mapScope(MAPPING, { tenantId: "team-red", projectId: "p", envId: "e" })).toEqual({
      ok: true,
      scope: { accountId: "acc123", orgId: "red", projectId: "p", envId: "e" },
    });
    expect(mapScope(MAPPING, { tenantId: "team-a.b", projectId: "p" })).toMatchObject({
      scope: { orgId: "a.b" },
    });
    expect(mapScope(MAPPING, { tenantId: "x.y", envId: "e" })).toEqual({
      ok: true,
      scope: { accountId: "y", orgId: "x-of-y", projectId: "x.y", envId: "e" },
    });
    expect(mapScope(MAPPING, { tenantId: "42", projectId: "p" })).toMatchObject({ ok: true });
    expect(mapScope(DEFAULT, { tenantId: "anything", projectId: "p" })).toEqual({
      ok: true,
      scope: { accountId: "a", orgId: "o", projectId: "p" },
    });
  });

  test.each([
    [MAPPING, { tenantId: "nobody" }, /does not know the tenant "nobody"/],
    [MAPPING, { tenantId: "toString" }, /does not know/],
    [MAPPING, { tenantId: "team-red" }, /projectId needs \$\{projectId\}, which is empty/],
    [MAPPING, { tenantId: "team-", projectId: "p" }, /orgId needs \$1, which is empty/],
    [MAPPING, { tenantId: "x.y" }, /envId needs \$\{envId\}/],
    [MAPPING, { tenantId: "team-a b", projectId: "p" }, /orgId must not contain spaces/],
    [DEFAULT, { tenantId: "", projectId: "p" }, /does not know an empty tenant/],
    [DEFAULT, { tenantId: "  ", projectId: "p" }, /does not know an empty tenant/],
    [DEFAULT, { tenantId: null, projectId: "p" }, /does not know an empty tenant/],
  ])("a tenant without a scope gets the reason", (mapping, older, reason) => {
    expect(mapScope(mapping, older)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test("an empty tenant is mapped where it is named", () => {
    const named = parseMapping(
      `tenants: { "": { accountId: a, orgId: o, projectId: p } }`,
      "m.yaml",
    );
    expect(mapScope(named, { tenantId: " " })).toMatchObject({ ok: true });
    expect(mapScope(named, {})).toMatchObject({ ok: true });
  });

  test.each([
    [
      "tenants:\n  a:\n    acountId: x\n    orgId: o\n    projectId: p\n",
      /^mapping\.yaml:3:5: tenants\.a\.acountId is not a setting \(did you mean "accountId"\?\)$/m,
    ],
    [
      "tenants:\n  a: { orgId: o, projectId: p }\n",
      /^mapping\.yaml:2:3: tenants\.a\.accountId must be text/m,
    ],
    [
      "tenants:\n  42: { accountId: a b, orgId: o, projectId: p }\n",
      /:2:9: tenants\.42\.accountId must not contain spaces/,
    ],
    [
      "patterns:\n  - { match: 'a*', accountId: $2, orgId: o, projectId: p }\n",
      /:2:5: patterns\[0\] uses \$2, and match has one star/,
    ],
    [
      "default: { accountId: $1, orgId: o, projectId: p }\n",
      /default uses \$1, and there is no star/,
    ],
    [
      "default: { accountId: '${tenant}', orgId: o, projectId: p }\n",
      /accountId holds \$\{tenant\}.*did you mean "tenantId"/,
    ],
    ["pattern: []\n", /:1:1: pattern is not a setting \(did you mean "patterns"\?\)/],
    ["tenants: [\n", /this is not YAML/],
    ["- a\n", /must be a map/],
  ])("%j is refused with its place", (text, message) => {
    expect(refused(text).message).toMatch(message);
  });

  test("all faults are reported at once, by field", () => {
    const error = refused("tenant: {}\ndefault: { accountId: 1, orgId: '', projectId: p }\n");
    expect(error.kind).toBe("validation");
    expect(error.fields.map(({ field }) => field).toSorted()).toEqual([
      "default.accountId",
      "default.orgId",
      "tenant",
    ]);
  });
});
