/** Whether two JSON values are the same. JSON has no NaN, which is what somebody typed that is no number. */
export const isSame = (one: unknown, other: unknown): boolean => {
  const textFor = (given: unknown): string | undefined =>
    JSON.stringify(given, (_, value: unknown) => (Number.isNaN(value) ? "NaN" : value));
  return textFor(one) === textFor(other);
};

type Defined<Value> = { readonly [K in keyof Value]?: Exclude<Value[K], undefined> };

/** The entries that have a value. */
export const definedOnly = <Value extends object>(value: Value): Defined<Value> =>
  Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as Defined<Value>;
