const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

const move = (body: HTMLElement, event: KeyboardEvent): void => {
  const step = STEPS[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const links = [...body.querySelectorAll<HTMLElement>("[data-row]")];
  const row = event.target.closest("tr");
  const at = links.findIndex((link) => link.closest("tr") === row);
  const next = links[at + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
};

/** The ref of a table body whose rows have a link or button `data-row`: arrows go from one to the next, so that Enter opens it. */
export const rowKeys = (body: HTMLElement | null): (() => void) | undefined => {
  if (body === null) return undefined;
  const press = (event: KeyboardEvent): void => move(body, event);
  body.addEventListener("keydown", press);
  return () => body.removeEventListener("keydown", press);
};
