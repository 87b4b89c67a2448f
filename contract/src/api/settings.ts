import { z } from "zod";
import { environmentFaults } from "../model/environment.ts";
import { HiddenTexts } from "../model/hidden-values.ts";
import { LoadProfile, Stage } from "../model/load-profile.ts";
import { describedLike, DurationSeconds, SpawnRate, Users } from "../model/primitives.ts";
import { RunSettings } from "../model/run.ts";
import { optionFaults, OptionValue, ShownOptions } from "../model/script-options.ts";

/** The environment variables of a request. */
export const Environment = z.record(z.string(), z.string()).superRefine((variables, context) => {
  for (const { name, message } of environmentFaults(variables)) {
    context.addIssue({ code: "custom", message, path: name === undefined ? [] : [name] });
  }
});

const StageUsers = z
  .number({ error: "must be a whole number of at least 0" })
  .int("must be a whole number of at least 0")
  .min(0, "must be a whole number of at least 0")
  .max(1_000_000, "must be at most 1000000");

/** The stages of a request. */
export const Stages = z
  .array(
    z.strictObject(
      describedLike(Stage.shape, {
        durationSeconds: DurationSeconds,
        users: StageUsers,
        spawnRate: SpawnRate.optional(),
      }),
    ),
  )
  .min(1, "must have at least one stage")
  .max(100, "must have at most 100 stages");

const [Constant, Script, Staged] = LoadProfile.options;

/** The load profile of a request. */
export const LoadProfileInput = z.discriminatedUnion(
  "kind",
  [
    z.strictObject(Constant.shape),
    z.strictObject(Script.shape),
    z.strictObject(describedLike(Staged.shape, { kind: z.literal("stages"), stages: Stages })),
  ],
  { error: "must be constant, script or stages" },
);

const ClassName = z.string().trim().min(1, "must not be empty").max(200);
const { shape: ofClass } = RunSettings.shape.userClasses.unwrap().element;

/** The User classes of a request. */
export const UserClasses = z
  .array(
    z.strictObject(
      describedLike(ofClass, {
        name: ClassName,
        weight: Users.optional(),
        fixedCount: Users.optional(),
      }),
    ),
  )
  .max(100)
  .superRefine((classes, context) => {
    classes.forEach(({ name, weight, fixedCount }, index) => {
      if (classes.findIndex((other) => other.name === name) < index) {
        const message = "is there twice";
        context.addIssue({ code: "custom", message, path: [index, "name"] });
      }
      if (weight !== undefined && fixedCount !== undefined) {
        const message = "cannot be set beside weight: a fixed count of users has no share";
        context.addIssue({ code: "custom", message, path: [index, "fixedCount"] });
      }
    });
  });

/** Tags of tasks in a request. */
export const TaskTags = z.array(z.string().min(1, "must not be empty").max(200)).max(50);

const Pattern = z
  .string()
  .min(1, "must not be empty")
  .max(500)
  .superRefine((pattern, context) => {
    const stars = pattern.replaceAll(/\\[\\*]/g, "");
    if (!/\*\*./s.test(stars)) return;
    context.addIssue({
      code: "custom",
      message: "has ** in the middle: it may only be at the end",
    });
  });
const { shape: ofGroup } = RunSettings.shape.endpointGroups.unwrap().element;

/** The rules for endpoints of a request. */
export const EndpointGroups = z
  .array(
    z.strictObject(
      describedLike(ofGroup, {
        pattern: Pattern,
        name: z.string().min(1, "must not be empty").max(200).optional(),
        method: z.string().min(1, "must not be empty").max(100).optional(),
      }),
    ),
  )
  .max(100, "must have at most 100 rules")
  .superRefine((rules, context) => {
    rules.forEach(({ pattern, method }, index) => {
      const first = rules.findIndex(
        (other) =>
          other.pattern === pattern &&
          (other.method === undefined || other.method.toUpperCase() === method?.toUpperCase()),
      );
      if (first === index) return;
      const message = `is that of rule ${first + 1}, which comes before: this rule would never count`;
      context.addIssue({ code: "custom", message, path: [index, "pattern"] });
    });
  });

/** Values of the script's own options in a request. */
export const ScriptOptions = z.record(z.string(), OptionValue).superRefine((values, context) => {
  for (const { name, message } of optionFaults(values)) {
    context.addIssue({ code: "custom", message, path: name === undefined ? [] : [name] });
  }
});

/** Settings of which answers do not show every value. */
export const hiddenSettings = {
  environment: HiddenTexts.optional().describe(
    "Environment variables of the Locust processes: their names. Values are hidden, as ***; in a change *** keeps the stored value.",
  ),
  scriptOptions: ShownOptions.optional().describe(
    "Values of the script's own options. Hidden ones are ***: secret ones, and those of which that was not known; in a change *** keeps the stored value.",
  ),
};
