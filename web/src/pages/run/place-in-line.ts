/** The place in a queue; 1 is next. */
export const placeInLine = (position: number | undefined): string => {
  if (position === undefined) return "In line";
  return position === 1 ? "Next in line" : `Number ${position} in line`;
};
