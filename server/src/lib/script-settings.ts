import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { ScriptOutline } from "@load-manager/contract/model/script-outline.ts";
import { didYouMean } from "./did-you-mean.ts";
import { refused } from "./errors.ts";

type Settings = {
  readonly [K in "userClasses" | "includeTags" | "excludeTags" | "loadProfile"]?:
    | LoadTestRun[K]
    | undefined;
};
type Known = Pick<ScriptOutline, "userClasses" | "shapeClasses" | "tags">;
type Fault = { readonly field: string; readonly message: string };

/** The outline leaves out what is beyond so many. */
const MOST = { classes: 200, tags: 500 } as const;
/** How many names a refusal lists. */
const LISTED = 30;

const listed = (names: readonly string[]): string => {
  const sorted = names.toSorted();
  const more = sorted.length > LISTED ? `, and ${sorted.length - LISTED} more` : "";
  return sorted.length === 0
    ? "it has none"
    : `it has ${sorted.slice(0, LISTED).join(", ")}${more}`;
};

/** Whether a run has settings that its script must fit. */
export const concernsScript = (settings: Settings): boolean =>
  [settings.userClasses, settings.includeTags, settings.excludeTags].some(
    (names = []) => names.length > 0,
  ) || settings.loadProfile?.kind === "script";

const classFaults = ({ userClasses = [] }: Settings, known: Known): Fault[] => {
  const names = known.userClasses.map(({ name }) => name);
  if (names.length >= MOST.classes) return [];
  return userClasses.flatMap(({ name }, index) =>
    names.includes(name)
      ? []
      : [
          {
            field: `userClasses[${index}].name`,
            message: `is no User class of the script${didYouMean(name, names)}; ${listed(names)}`,
          },
        ],
  );
};

const tagFaults = (
  field: "includeTags" | "excludeTags",
  { [field]: tags = [] }: Settings,
  { tags: known }: Known,
): Fault[] =>
  known.length >= MOST.tags
    ? []
    : tags.flatMap((tag, index) =>
        known.includes(tag)
          ? []
          : [
              {
                field: `${field}[${index}]`,
                message: `is a tag that no task of the script has${didYouMean(tag, known)}; ${listed(known)}`,
              },
            ],
      );

/** Throws AppError validation that names each User class and tag which the script does not have, and a missing LoadTestShape. */
export const assertFitsScript = (settings: Settings, known: Known): void => {
  const faults = [
    ...classFaults(settings, known),
    ...tagFaults("includeTags", settings, known),
    ...tagFaults("excludeTags", settings, known),
  ];
  if (settings.loadProfile?.kind === "script" && known.shapeClasses.length === 0) {
    const message = "cannot be script: the script has no LoadTestShape";
    faults.push({ field: "loadProfile", message });
  }
  if (faults.length > 0) throw refused(faults);
};
