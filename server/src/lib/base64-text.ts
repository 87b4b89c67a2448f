const isText = (bytes: Uint8Array): boolean => {
  try {
    return !new TextDecoder("utf8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
};

/** The bytes of a text in base64, which may have line breaks; `undefined` where it is not base64 of text in UTF-8. */
export const bytesOfBase64Text = (packed: string): Uint8Array | undefined => {
  const joined = packed.replaceAll(/\s/g, "");
  if (joined === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) return undefined;
  const bytes = Buffer.from(joined, "base64");
  const again = bytes.toString("base64").replace(/=+$/, "");
  return again === joined.replace(/=+$/, "") && isText(bytes) ? bytes : undefined;
};
