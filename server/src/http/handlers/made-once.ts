/**
 * What a request makes under an id of its own: a request that is tried again finds what an earlier try has made, also
 * where that one's write arrives only now.
 */
export const madeOnce = async <T>(
  find: () => Promise<T | undefined>,
  make: () => Promise<T>,
): Promise<T> => {
  const known = await find();
  if (known !== undefined) return known;
  try {
    return await make();
  } catch (error) {
    const late = await find();
    if (late === undefined) throw error;
    return late;
  }
};
