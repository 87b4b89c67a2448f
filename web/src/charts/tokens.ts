/** What a token was found to be. To ask the browser means that it lays out the page. */
const known = new Map<string, string>();

const read = (token: string): string => {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const print = matchMedia("print");

/** The colour that a token of theme/tokens.css has now, for a canvas, which knows no variables. */
export const colorOf = (token: string): string => {
  const scheme = document.documentElement.dataset["mantineColorScheme"] ?? "";
  const key = `${scheme} ${print.matches} ${token}`;
  const color = known.get(key) ?? read(token);
  known.set(key, color);
  return color;
};
