import type { ScriptCheck } from "@load-manager/contract/api/script.ts";
import { isSame } from "../../lib/values.ts";
import type { ClassDraft } from "./settings-draft.ts";

export type ClassOutline = ScriptCheck["userClasses"][number];

/** Whether Locust starts users of the class without being told to. */
const startsByItself = ({ weight, fixedCount }: ClassOutline): boolean =>
  weight > 0 || fixedCount > 0;

/** As the script has it. */
export const classDraftOf = ({ name, fixedCount }: ClassOutline): ClassDraft => ({
  name,
  by: fixedCount > 0 ? "fixedCount" : "weight",
  amount: "",
});

/** The classes that run without a choice. */
export const ownClasses = (outline: readonly ClassOutline[]): readonly ClassDraft[] =>
  outline.filter(startsByItself).map(classDraftOf);

/** A choice in the order of the script; what it does not have comes last. The script's own is no choice. */
export const choiceFrom = (
  chosen: readonly ClassDraft[],
  outline: readonly ClassOutline[],
): readonly ClassDraft[] | undefined => {
  const place = ({ name }: ClassDraft): number => {
    const at = outline.findIndex((one) => one.name === name);
    return at === -1 ? outline.length : at;
  };
  const sorted = chosen.toSorted((one, other) => place(one) - place(other));
  return isSame(sorted, ownClasses(outline)) ? undefined : sorted;
};

/** The chosen ones that the script does not have, any more or at all. */
export const goneFrom = (
  chosen: readonly ClassDraft[],
  outline: readonly ClassOutline[],
): readonly ClassDraft[] => chosen.filter(({ name }) => outline.every((one) => one.name !== name));

/** Without one that the script does not have. Where none is left, the script's own run. */
export const withoutGone = (
  chosen: readonly ClassDraft[],
  name: string,
  outline: readonly ClassOutline[],
): readonly ClassDraft[] | undefined => {
  const left = chosen.filter((one) => one.name !== name);
  return left.length === 0 ? undefined : choiceFrom(left, outline);
};

/** The other measure begins with 1, and the script's own with what the script says. */
export const measuredBy = (
  draft: ClassDraft,
  by: ClassDraft["by"],
  outline: ClassOutline | undefined,
): ClassDraft => {
  const isOwn = outline !== undefined && classDraftOf(outline).by === by;
  return { ...draft, by, amount: isOwn ? "" : "1" };
};
