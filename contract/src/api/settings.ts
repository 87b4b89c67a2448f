import { z } from "zod";
import { environmentFaults } from "../model/environment.ts";
import { HiddenTexts } from "../model/hidden-values.ts";
import { describedLike, Users } from "../model/primitives.ts";
import { RunSettings } from "../model/run.ts";
import { optionFaults, OptionValue, ShownOptions } from "../model/script-options.ts";

const notSupported = z
  .never({ error: "is not supported by this version of Load Manager; leave it out" })
  .optional();

/** What answers leave out: nothing can set it, and only migrated load tests and runs have some of it. */
export const unsettable = {
  loadProfile: true,
} as const;

/** Settings of the data model without support in this version. Refusing them is clearer than ignoring them. */
export const unavailableSettings = {
  loadProfile: notSupported,
};

/** The environment variables of a request. */
export const Environment = z.record(z.string(), z.string()).superRefine((variables, context) => {
  for (const { name, message } of environmentFaults(variables)) {
    context.addIssue({ code: "custom", message, path: name === undefined ? [] : [name] });
  }
});

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
