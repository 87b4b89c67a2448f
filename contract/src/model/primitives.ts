import { z } from "zod";

/** The description of a field, wherever its optional or nullable wrappers keep it. */
const descriptionOf = (schema: z.core.$ZodType | undefined): string | undefined => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault;
  return schema.description ?? (isWrapper ? descriptionOf(schema.unwrap()) : undefined);
};

/**
 * Gives fields the descriptions of the fields of the same name in `source`: a request and an answer have the same field
 * with other limits, and its meaning is written once. Fields that `source` does not have describe themselves.
 */
export const describedLike = <Shape extends z.ZodRawShape>(
  source: z.ZodRawShape,
  shape: Shape,
): Shape => {
  const described = Object.entries(shape).map(([name, field]) => {
    const description = descriptionOf(source[name]);
    return [name, description === undefined ? field : (field as z.ZodType).describe(description)];
  });
  return Object.fromEntries(described) as Shape;
};

/**
 * A time. In the program and in every store an integer, Unix milliseconds UTC; in the API an ISO 8601 string with
 * milliseconds. `z.output` of a schema is the stored form, `z.input` the API's.
 */
export const Time = z
  .codec(z.iso.datetime(), z.int(), {
    decode: (iso) => Date.parse(iso),
    encode: (ms) => new Date(ms).toISOString(),
  })
  .meta({ description: "A time: ISO 8601, UTC, with milliseconds." });

const NOT_A_TIME = "must be an ISO 8601 time from 1970 to 9999, or Unix milliseconds";
/** ISO 8601 with an offset. */
const ISO_TIME = `(?=19[7-9]|[2-9])${z.regexes.datetime({ offset: true }).source.replaceAll(/^\^|\$$/g, "")}`;
const LATEST = Date.UTC(10_000, 0) - 1;
/** Stored times are never negative, and the ISO 8601 form of an answer has four digits for the year. */
const isStorable = (ms: number): boolean => ms >= 0 && ms <= LATEST;

/** A time in a request: ISO 8601 with an offset, or Unix milliseconds. */
export const TimeInput = z
  .union(
    [
      z.int().min(0).max(LATEST),
      z
        .string()
        .regex(new RegExp(`^${ISO_TIME}$`))
        .meta({ format: "date-time" }),
    ],
    { error: NOT_A_TIME },
  )
  .transform((value) => (typeof value === "number" ? value : Date.parse(value)))
  .refine(isStorable, NOT_A_TIME);

/** A time in a query string, where a number is digits. */
export const TimeQuery = z
  .string()
  .regex(new RegExp(`^(?:\\d{1,14}|${ISO_TIME})$`), NOT_A_TIME)
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)))
  .refine(isStorable, NOT_A_TIME);

export const Id = z.string().min(1).max(128);
export const RunId = Id.describe("The id of the run.");
export const LoadTestId = Id.describe("The id of the load test.");

/** A trimmed text is empty where it holds nothing but spaces; a JSON Schema can only say so with a pattern. */
const NOT_BLANK = { pattern: "\\S" };
export const Name = z.string().trim().min(1, "must not be empty").max(200).meta(NOT_BLANK);
export const NoteText = z.string().trim().min(1).max(1000).meta(NOT_BLANK);
const Label = z.string().trim().min(1).max(200).meta(NOT_BLANK);
export const Tags = z.array(z.string().trim().min(1).max(64).meta(NOT_BLANK)).max(50);

/** Any JSON value. */
export const Json = z.json();
export const JsonObject = z.record(z.string(), Json);
export const Metadata = z.record(z.string().max(200), Json);

/** The name of one level: usable in a path and in a log line. */
const ScopeName = z
  .string()
  .min(1, "must not be empty")
  .max(128)
  .regex(/^[^\s/\\]+$/, "must not contain spaces or slashes");

/** The place of an object in the hierarchy; the environment is optional. */
export const Scope = z.object({
  accountId: ScopeName.describe("The account: the top level of the hierarchy."),
  orgId: ScopeName.describe("The organisation within the account."),
  projectId: ScopeName.describe("The project within the organisation."),
  envId: ScopeName.describe("The environment within the project, such as staging.").optional(),
});
export type Scope = z.output<typeof Scope>;

export const ScopeFilter = Scope.partial();
export type ScopeFilter = z.output<typeof ScopeFilter>;

export const Creator = Label;

export const wholeNumber = (min: number, max: number) =>
  z
    .number({ error: `must be a whole number of at least ${min}` })
    .int(`must be a whole number of at least ${min}`)
    .min(min, `must be a whole number of at least ${min}`)
    .max(max, `must be at most ${max}`);

export const Users = wholeNumber(1, 1_000_000);
export const SpawnRate = z
  .number({ error: "must be a number above 0" })
  .gt(0, "must be a number above 0")
  .max(1_000_000, "must be at most 1000000");
export const DurationSeconds = wholeNumber(1, 31_536_000);
/** A cluster allows as many, or fewer. */
export const Workers = wholeNumber(1, 64);
export const StopTimeoutSeconds = wholeNumber(0, 3600);

const HTTP_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#@\\]+(?:[/?#].*)?$/;

/** http or https, with a host and without credentials. */
export const TargetUrl = z
  .string()
  .max(2000)
  .refine((text) => HTTP_URL.test(text) && URL.canParse(text), {
    error: "must be an http or https URL without credentials, such as https://shop.example",
  })
  .meta({ format: "uri", pattern: HTTP_URL.source });

export const AutoStop = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether auto-stop may end the run."),
    failedPercent: z
      .number()
      .gt(0)
      .max(100)
      .default(90)
      .describe("The run is stopped when at least this share of the requests fails, in percent."),
    windowSeconds: wholeNumber(5, 3600)
      .default(60)
      .describe("The length of the window that is judged, in seconds."),
    minRequests: wholeNumber(1, 1e9)
      .default(100)
      .describe("A window with fewer requests is not judged."),
  })
  .describe("Ends a run by itself when too many of its requests fail.");
export type AutoStop = z.output<typeof AutoStop>;
/** The default. */
export const AUTO_STOP: AutoStop = AutoStop.parse({});

export const SORT = "The field to sort by; a - before it sorts descending.";

/** The query of every list. `sort` is a field; `-` before it sorts descending. */
export const Paging = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe("The number of items on a page, at most."),
  cursor: z
    .string()
    .max(1000)
    .describe("The nextCursor of the page before; absent for the first page.")
    .optional(),
  sort: z.string().max(40).describe(SORT).optional(),
});

/** Free text in a list's query. */
export const SearchText = z
  .string()
  .max(200)
  .describe(
    "Only items whose names have words that begin with these, in any order, in upper or lower case: check lo finds Load of the checkout.",
  );

/** `a,b` in a query string. */
export const CommaList = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** `tags=a,b` in a query string. */
export const TagList = CommaList.describe(
  "Tags, separated by commas: only items that have all of them.",
);

export const NextCursor = z
  .string()
  .describe("The cursor of the next page; absent on the last page.");

export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item).describe("The items of this page, in the order asked for."),
    nextCursor: NextCursor.optional(),
  });
