import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import type { LoadProfile, Stage } from "@load-manager/contract/model/load-profile.ts";
import { axisNumber, count, counted } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";
import { type ClassOutline, goneFrom } from "./class-choice.ts";
import { type RunSettings, type RunSettingsDraft, runSettingsOf } from "./settings-draft.ts";

/** The variables and options whose values nobody is shown. */
export const hiddenNamesOf = ({ environment = {}, scriptOptions = {} }: RunSettings): string[] =>
  [...Object.entries(environment), ...Object.entries(scriptOptions)]
    .filter(([, value]) => value === HIDDEN)
    .map(([name]) => name);

const stagesText = (stages: readonly Pick<Stage, "users">[]): string =>
  `${counted(stages.length, "stage")} up to ${counted(Math.max(0, ...stages.map(({ users }) => users)), "user")}`;

/** `3 stages up to 50 users`; nothing for constant load, which the users say. */
export const profileText = (profile: LoadProfile): string | undefined => {
  switch (profile.kind) {
    case "constant":
      return undefined;
    case "stages":
      return stagesText(profile.stages);
    case "script":
      return "the script’s shape";
  }
};

/** `240 users at 0.8/s, changed from 200`, or the stages or shape; nothing where the users are not known. */
export const loadText = ({
  loadProfile,
  targetUsers,
  spawnRate,
  commandedLoad,
}: Pick<RunAnswer, "loadProfile" | "targetUsers" | "spawnRate" | "commandedLoad">):
  | string
  | undefined => {
  const profile = profileText(loadProfile);
  if (profile !== undefined) return profile;
  const users = commandedLoad?.targetUsers ?? targetUsers;
  if (users === undefined) return undefined;
  const rate = commandedLoad?.spawnRate ?? spawnRate;
  const speed = rate === undefined ? "" : ` at ${axisNumber(rate)}/s`;
  const isChanged = commandedLoad !== undefined && targetUsers !== users;
  return `${counted(users, "user")}${speed}${isChanged ? `, changed from ${count(targetUsers)}` : ""}`;
};

/** `60 s: 50 users, 2.5 users/s` */
export const stageText = ({ durationSeconds, users, spawnRate }: Stage): string =>
  `${duration(durationSeconds * 1000)}: ${counted(users, "user")}${spawnRate === undefined ? "" : `, ${spawnRate} users/s`}`;

type RunClass = NonNullable<RunSettings["userClasses"]>[number];

/** `Reader, weight 3` */
export const classText = ({ name, weight, fixedCount }: RunClass): string => {
  if (fixedCount !== undefined) return `${name}, ${counted(fixedCount, "user")}`;
  return weight === undefined ? name : `${name}, weight ${weight}`;
};

type Stored = { readonly draft: RunSettingsDraft; readonly stored: RunSettings | undefined };

const set = (rows: number): string | undefined => (rows === 0 ? undefined : `${rows} set`);

const classes = (number: number): string => `${number} ${number === 1 ? "class" : "classes"}`;

/** `2 of 3 classes`, and what the script does not have; nothing where the script's own run. */
export const classesHead = (
  { userClasses }: RunSettingsDraft,
  outline: readonly ClassOutline[] | undefined,
): string | undefined => {
  if (userClasses === undefined) return undefined;
  if (outline === undefined) return classes(userClasses.length);
  const gone = goneFrom(userClasses, outline);
  const all = classes(outline.length);
  const head = `${userClasses.length - gone.length} of ${all}`;
  if (gone.length === 0) return head;
  const what = gone.length === 1 ? `${gone[0]?.name} is` : `${gone.length} are`;
  return `${head}; ${what} not in the script`;
};

export const tagsHead = ({ includeTags, excludeTags }: RunSettingsDraft): string | undefined =>
  [
    ...(includeTags.length === 0 ? [] : [`only ${includeTags.join(", ")}`]),
    ...(excludeTags.length === 0 ? [] : [`without ${excludeTags.join(", ")}`]),
  ].join("; ") || undefined;

/** How many a run adds to the load test's, or a load test has. */
export const rowsHead = (
  name: "scriptOptions" | "environment",
  { draft, stored }: Stored,
): string | undefined => {
  const rows = draft[name].filter((row) => row.name.trim() !== "");
  if (stored === undefined) return set(rows.length);
  const own = Object.keys(runSettingsOf(draft, stored)[name] ?? {}).length;
  const kept = rows.filter((row) => Object.hasOwn(stored[name] ?? {}, row.name.trim())).length;
  if (own > 0) return set(own);
  return kept === 0 ? undefined : `${kept} of the load test`;
};
