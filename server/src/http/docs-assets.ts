/** The style and the script of the documentation page, inline: the page needs nothing else. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1d2522; --page: #fff; --line: #d9dfdc; --soft: #f3f6f4; --quiet: #5b6862; --accent: #176b41; --mark: #e3efe8; }
@media (prefers-color-scheme: dark) { :root { --text: #dde4e0; --page: #131816; --line: #2e3733; --soft: #1b221f; --quiet: #95a39c; --accent: #6fd09b; --mark: #22352b; } }
* { box-sizing: border-box; } [hidden] { display: none !important; }
html { scroll-padding-top: 1rem; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; color: var(--text); background: var(--page); display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.2rem 1rem 3rem 1.2rem; border-right: 1px solid var(--line); font-size: 13.5px; }
nav a { display: block; padding: .1rem 0; color: inherit; text-decoration: none; } nav a:hover { color: var(--accent); }
nav div > a[href] { padding-left: 3.2rem; position: relative; } nav .list > a[href] { padding-left: 0; } nav a span { position: absolute; left: 0; font: 10.5px/1.9 ui-monospace, monospace; color: var(--quiet); }
nav strong { display: block; margin: 1rem 0 .2rem; } nav strong a { font-weight: 600; }
nav input { width: 100%; font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--soft); color: inherit; }
nav output { display: block; min-height: 1.4em; padding-top: .3rem; color: var(--quiet); }
main { padding: 1.2rem 2rem 6rem; max-width: 68rem; min-width: 0; }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; } h2 { margin: 2.6rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); } h4 { margin: 1.2rem 0 .3rem; }
h2 + p { margin-top: 0; color: var(--quiet); } .quiet { color: var(--quiet); }
code, pre { font: 13px/1.5 ui-monospace, "SFMono-Regular", Menlo, monospace; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); padding: .7rem .9rem; border-radius: 6px; margin: .4rem 0; white-space: pre-wrap; max-height: 26rem; overflow-y: auto; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; } details[open] > summary { border-bottom: 1px solid var(--line); background: var(--soft); border-radius: 6px 6px 0 0; }
details > div { padding: .3rem 1rem 1rem; }
summary { cursor: pointer; padding: .5rem 1rem; display: grid; grid-template-columns: 4.2rem minmax(0, 1fr) auto; column-gap: .6rem; align-items: baseline; }
summary > span:nth-child(3) { color: var(--quiet); text-align: right; }
.method { font-weight: 700; font-size: 13px; color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 13px; }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; vertical-align: top; } tr:last-child td { border-bottom: 0; }
td:first-child { width: 31%; min-width: 12rem; } td:nth-child(2) { width: 20%; min-width: 7rem; } .terms td:nth-child(2) { width: auto; } .terms td:first-child { width: 12rem; font-weight: 600; }
.field span { color: var(--quiet); } .mark { display: inline-block; font-size: 12px; padding: 0 .4rem; border-radius: 4px; background: var(--mark); color: var(--quiet); }
a { color: var(--accent); } .anchor { text-decoration: none; opacity: 0; padding-left: .4rem; font-weight: 400; } :is(h2, h4):hover .anchor, .anchor:focus { opacity: 1; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 60rem) { body { display: block; } nav { position: static; height: auto; border: 0; padding-bottom: 0; } nav .list { display: none; } main { padding: 1rem 1.2rem 4rem; } summary { grid-template-columns: 4.2rem minmax(0, 1fr); } summary > span:nth-child(3) { grid-column: 2; text-align: left; } }
@media print { nav { display: none; } body { display: block; } pre { max-height: none; } }
`;

/** Opens what an address names, and filters operations and schemas by method, path, summary, id and field. */
export const SCRIPT = `
const filter = document.getElementById("filter");
const count = document.getElementById("count");
const parts = [...document.querySelectorAll("details")].map((part) => ({
  part,
  link: document.querySelector('nav a[href="#' + part.id + '"]'),
  text: [part.id, part.querySelector("summary").textContent, ...[...part.querySelectorAll(".field")].map((field) => field.textContent)].join(" ").toLowerCase(),
}));
const apply = () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  let shown = 0;
  for (const { part, link, text } of parts) {
    const isShown = words.every((word) => text.includes(word));
    part.hidden = !isShown;
    if (link !== null) link.hidden = !isShown;
    if (isShown) shown += 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = words.length > 0 && ![...group.querySelectorAll(group.dataset.group)].some((one) => !one.hidden);
  }
  count.textContent = words.length === 0 ? "" : shown + " of " + parts.length;
};
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  const part = target.closest("details");
  if (part !== null) {
    if (part.hidden) { filter.value = ""; apply(); }
    part.open = true;
  }
  target.scrollIntoView();
};
filter.hidden = false;
filter.addEventListener("input", apply);
addEventListener("hashchange", open);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== filter) { event.preventDefault(); filter.focus(); }
  if (event.key === "Escape" && document.activeElement === filter) { filter.value = ""; apply(); }
});
apply();
open();
`;
