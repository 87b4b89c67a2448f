/** What a cell has of the head of its column, for rows of two lines: its words, and whether it has a place there. */
const copyTo = (cell: HTMLTableCellElement, head: HTMLTableCellElement): void => {
  const { isPlain, isMinor } = head.dataset;
  // A head that sorts begins with its sign.
  const words = head.querySelector("button")?.lastChild?.textContent ?? head.textContent;
  cell.dataset["head"] = isPlain === undefined ? words.trim() : "";
  if (isMinor !== undefined) cell.dataset["isMinor"] = isMinor;
};

const label = ({ tHead, tBodies }: HTMLTableElement): void => {
  const heads = tHead?.rows[0]?.cells;
  for (const { cells } of [...tBodies].flatMap((body) => [...body.rows])) {
    // A cell over several columns belongs to no head.
    if (cells.length !== heads?.length) continue;
    for (const [index, head] of [...heads].entries()) {
      const cell = cells[index];
      if (cell !== undefined) copyTo(cell, head);
    }
  }
};

/** The ref of a table whose rows have two lines on a phone: each cell has the words of its head, which CSS shows there. */
export const rowLabels = (table: HTMLTableElement | null): (() => void) | undefined => {
  if (table === null) return undefined;
  label(table);
  // Rows come and go. Attributes, which this writes, are not observed.
  const observer = new MutationObserver(() => label(table));
  observer.observe(table, { childList: true, subtree: true });
  return () => observer.disconnect();
};
