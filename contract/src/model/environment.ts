/** A fault of a variable, or without `name` of all of them together; the message follows the name of the field. */
type Fault = { readonly name?: string; readonly message: string };

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MOST = 100;
const LONGEST = 32_768;
/** The system limits arguments and environment of a process together; the launcher needs its part. */
const LONGEST_OF_ALL = 262_144;

const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^LOCUST_/, "is an option of Locust, which the run itself decides"],
  [/^LOAD_MANAGER_/, "is reserved for Load Manager"],
  [/^(?:PATH$|PYTHON|LD_)/, "decides which programs and libraries are loaded"],
  [/^(?:HOME|TMPDIR)$/, "is the run's own folder"],
];

const faultOf = (name: string, value: string): string | undefined => {
  if (!NAME.test(name)) {
    return "is no name of a variable: at most 128 letters, digits and _, and no digit at the beginning";
  }
  const refused = REFUSED.find(([pattern]) => pattern.test(name));
  if (refused !== undefined) return `cannot be set: it ${refused[1]}`;
  if (value.includes("\0")) return "must not contain a NUL character";
  return value.length > LONGEST ? `must be at most ${LONGEST} characters long` : undefined;
};

/** What is wrong with the environment variables of a run. */
export const environmentFaults = (variables: Readonly<Record<string, string>>): Fault[] => {
  const entries = Object.entries(variables);
  if (entries.length > MOST) return [{ message: `must have at most ${MOST} variables` }];
  const length = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length > LONGEST_OF_ALL) {
    return [
      { message: `must be at most ${LONGEST_OF_ALL} characters long, names and values together` },
    ];
  }
  return entries.flatMap(([name, value]) => {
    const message = faultOf(name, value);
    return message === undefined ? [] : [{ name, message }];
  });
};
