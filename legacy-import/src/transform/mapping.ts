import { Scope } from "@load-manager/contract/model/primitives.ts";
import { SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";
import { z } from "zod";
import { faultsError, faultsOf } from "@load-manager/server/config/problems.ts";
import { parseYaml } from "@load-manager/server/config/yaml-file.ts";
import { didYouMean } from "@load-manager/server/lib/did-you-mean.ts";

const NAMES = ["tenantId", "projectId", "envId"] as const;
const PLACEHOLDER = /\$(?:\{([^}]*)\}?|(\d+))/g;

/** Text with placeholders such as `$1` and `${projectId}`; without any it must be a valid name of a scope level. */
const Template = z
  .string({ error: "must be text; put it in quotes" })
  .superRefine((text, context) => {
    const wrong = (message: string): void => context.addIssue({ code: "custom", message });
    const found = [...text.matchAll(PLACEHOLDER)];
    for (const [whole, name] of found) {
      if (name === undefined || (NAMES as readonly string[]).includes(name)) continue;
      wrong(
        `holds ${whole}; there are \${tenantId}, \${projectId} and \${envId}${didYouMean(name, NAMES)}`,
      );
    }
    const plain = Scope.shape.accountId.safeParse(text);
    if (found.length === 0 && !plain.success) {
      wrong(plain.error.issues[0]?.message ?? "is not a name");
    }
  });

const Target = z.strictObject({
  accountId: Template,
  orgId: Template,
  projectId: Template,
  envId: Template.optional(),
});
type Target = z.output<typeof Target>;

const starsIn = (target: Target): number =>
  Math.max(
    0,
    ...SCOPE_LEVELS.flatMap((level) =>
      [...(target[level] ?? "").matchAll(PLACEHOLDER)].map(([, , star]) => Number(star ?? 0)),
    ),
  );

const withStars = <T extends Target>(
  target: T,
  context: z.core.$RefinementCtx<T>,
  stars: number,
) => {
  const asked = starsIn(target);
  if (asked <= stars) return;
  const message = `uses $${asked}, and ${stars === 0 ? "there is no star for it" : `match has ${stars === 1 ? "one star" : `${stars} stars`}`}`;
  context.addIssue({ code: "custom", message, path: [] });
};

const Plain = Target.superRefine((target, context) => withStars(target, context, 0));
const MappingFile = z.strictObject({
  tenants: z.record(z.string(), Plain, { error: "must be a map of tenants" }).default({}),
  patterns: z
    .array(
      z
        .strictObject({ match: z.string().min(1, "must not be empty"), ...Target.shape })
        .superRefine((pattern, context) =>
          withStars(pattern, context, pattern.match.split("*").length - 1),
        ),
      { error: "must be a list of patterns" },
    )
    .default([]),
  default: Plain.optional(),
});

/** Maps the tenants of older data and files to scopes; see docs/configuration.md. */
export type Mapping = z.output<typeof MappingFile>;

export type MappedScope =
  | { readonly ok: true; readonly scope: Scope }
  | { readonly ok: false; readonly reason: string };

/** `file` is for messages. Throws AppError validation, a line for each fault: `mapping.yaml:3:5: patterns[0].match …`. */
export const parseMapping = (text: string, file: string): Mapping => {
  const yaml = parseYaml(text, file);
  const parsed = MappingFile.safeParse(yaml.values(), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw faultsError(faultsOf(MappingFile, parsed.error.issues), yaml.placeOf);
};

type Older = {
  readonly tenantId?: string | null | undefined;
  readonly projectId?: string | null | undefined;
  readonly envId?: string | null | undefined;
};

const starred = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split("*")
      .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/-]/g, String.raw`\$&`))
      .join("(.*)")}$`,
    "s",
  );

/** Exact tenants first, then the first pattern that matches, then the default. */
const targetOf = (
  mapping: Mapping,
  tenantId: string,
): { readonly target: Target; readonly stars: readonly string[] } | undefined => {
  const exact = Object.hasOwn(mapping.tenants, tenantId) ? mapping.tenants[tenantId] : undefined;
  if (exact !== undefined) return { target: exact, stars: [] };
  if (tenantId === "") return undefined;
  for (const pattern of mapping.patterns) {
    const match = starred(pattern.match).exec(tenantId);
    if (match !== null) return { target: pattern, stars: match.slice(1) };
  }
  return mapping.default === undefined ? undefined : { target: mapping.default, stars: [] };
};

const filled = (value: string | null | undefined): string | undefined =>
  value === null || value === undefined || value.trim() === "" ? undefined : value;

/**
 * The scope of a document or cluster of a tenant, or the reason why it has none. A blank tenant is mapped only where
 * `tenants` names `""`. The document's own envId stays unless the mapping sets one.
 */
export const mapScope = (mapping: Mapping, older: Older): MappedScope => {
  const tenantId = filled(older.tenantId) ?? "";
  const own = { tenantId, projectId: filled(older.projectId), envId: filled(older.envId) };
  const found = targetOf(mapping, tenantId);
  const who = tenantId === "" ? "an empty tenant" : `the tenant ${JSON.stringify(tenantId)}`;
  if (found === undefined) return { ok: false, reason: `the mapping does not know ${who}` };
  const missing: string[] = [];
  const fill = (level: string, template: string): string =>
    template.replaceAll(
      PLACEHOLDER,
      (whole, name: string | undefined, star: string | undefined) => {
        const value =
          name === undefined
            ? found.stars[Number(star) - 1]
            : filled(own[name as keyof typeof own]);
        if (filled(value) === undefined)
          missing.push(`${level} needs ${whole}, which is empty here`);
        return value ?? "";
      },
    );
  const { accountId, orgId, projectId, envId } = found.target;
  const env = envId === undefined ? own.envId : fill("envId", envId);
  const parsed = Scope.safeParse({
    accountId: fill("accountId", accountId),
    orgId: fill("orgId", orgId),
    projectId: fill("projectId", projectId),
    ...(env === undefined ? {} : { envId: env }),
  });
  if (missing.length > 0) return { ok: false, reason: `${who}: ${missing.join(", ")}` };
  if (parsed.success) return { ok: true, scope: parsed.data };
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
  return { ok: false, reason: `${who}: ${wrong.join(", ")}` };
};
