/** The tags of an address: `nightly,release`. */
export const tagsOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");

export const withTag = (text: string | undefined, tag: string): string =>
  [...new Set([...tagsOf(text), tag])].join(",");

export const withoutTag = (text: string | undefined, tag: string): string | undefined =>
  tagsOf(text)
    .filter((one) => one !== tag)
    .join(",") || undefined;
