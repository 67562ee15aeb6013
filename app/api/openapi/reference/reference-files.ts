/** Colours as in app/tailwind.css; a test compares them. */
export const style = `:root {
  color-scheme: light dark;
  --canvas: light-dark(#f8f7f4, #131312);
  --surface: light-dark(#ffffff, #1b1b19);
  --sunken: light-dark(#f1efea, #242421);
  --line: light-dark(#e5e2db, #2e2d2a);
  --line-strong: light-dark(#cbc7bd, #4a4842);
  --ink: light-dark(#1e1d1a, #eceae4);
  --ink-muted: light-dark(#57544c, #b3afa5);
  --accent: light-dark(#0d5c64, #6cc3ca);
  --accent-hover: light-dark(#0a484f, #8ad3d9);
  --accent-on: light-dark(#ffffff, #06272a);
  --accent-soft: light-dark(#dfeeef, #14363a);
  --no: light-dark(#98302a, #f2a199);
  --no-soft: light-dark(#f9e6e3, #3a1e1b);
  --yes: light-dark(#176339, #86d6a6);
  --yes-soft: light-dark(#e0f1e6, #163020);
  --warn: light-dark(#774c06, #e9c078);
  --warn-soft: light-dark(#faeed2, #352910);
  --trial: light-dark(#4740a0, #b9b5fb);
  --trial-soft: light-dark(#ebe9fa, #28264b);
  --flag: light-dark(#1c5685, #97c6f2);
  --flag-soft: light-dark(#e2edf7, #172b3f);
}
:root.light { color-scheme: light; }
:root.dark { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--canvas); color: var(--ink); font: 0.875rem/1.5 Inter, -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif; }
code, pre, .method, .route code { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 0.8125rem; }
code { overflow-wrap: anywhere; }
p code, dd code { background: var(--sunken); border-radius: 0.25rem; padding: 0.05rem 0.25rem; }
a { color: var(--accent); }
a:hover { color: var(--accent-hover); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 0.125rem; }
main:focus { outline: none; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.75rem; background: var(--surface); padding: 0.25rem 0.5rem; z-index: 2; }
.bar { display: flex; align-items: center; gap: 1.25rem; height: 3.25rem; padding: 0 1.5rem; background: var(--surface); border-bottom: 1px solid var(--line); }
.bar a { text-decoration: none; color: var(--ink-muted); white-space: nowrap; }
.bar a:hover { color: var(--ink); }
.bar .brand { display: flex; align-items: center; gap: 0.5rem; color: var(--ink); font-weight: 600; letter-spacing: -0.01em; }
.grow { flex: 1; }
.columns { display: grid; grid-template-columns: 19rem minmax(0, 1fr); align-items: start; max-width: 84rem; margin: 0 auto; }
nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding: 1rem 0.5rem 2rem 1rem; }
.tag { margin: 1rem 0.5rem 0.25rem; font-weight: 600; font-size: 0.75rem; color: var(--ink-muted); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.25rem 0.5rem; border-radius: 0.375rem; color: var(--ink-muted); text-decoration: none; font-size: 0.8125rem; }
nav li a span:last-child { overflow-wrap: anywhere; min-width: 0; }
nav li a:hover { background: var(--sunken); color: var(--ink); }
nav li a[aria-current] { background: var(--accent-soft); color: var(--ink); font-weight: 500; }
main { min-width: 0; max-width: 56rem; padding: 1.5rem 1.5rem 4rem; }
h1 { font-size: 1.375rem; line-height: 1.3; letter-spacing: -0.01em; margin: 0.5rem 0 0.75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 0.875rem; margin: 0 0 0.5rem; font-weight: 600; }
p { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
.muted { color: var(--ink-muted); font-size: 0.8125rem; }
.route { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.5rem; }
.method { flex: none; min-width: 3.25rem; text-align: center; padding: 0.05rem 0.3rem; border-radius: 0.25rem; font-size: 0.6875rem; font-weight: 600; background: var(--sunken); color: var(--ink-muted); }
.method.get { background: var(--flag-soft); color: var(--flag); }
.method.post { background: var(--yes-soft); color: var(--yes); }
.method.put { background: var(--warn-soft); color: var(--warn); }
.method.patch { background: var(--trial-soft); color: var(--trial); }
.method.delete { background: var(--no-soft); color: var(--no); }
.list { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 0.625rem; background: var(--surface); }
.list li + li { border-top: 1px solid var(--line); }
.list a { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); gap: 0.25rem 1rem; padding: 0.6rem 0.9rem; text-decoration: none; color: var(--ink); }
.list a:hover { background: var(--sunken); }
.list a > span:last-child { color: var(--ink-muted); }
.fields { margin: 0; border: 1px solid var(--line); border-radius: 0.625rem; background: var(--surface); }
.fields > div { padding: 0.55rem 0.9rem; }
.fields > div + div { border-top: 1px solid var(--line); }
.fields dt { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.75rem; }
.fields dt code { font-weight: 600; }
.fields dd { margin: 0.15rem 0 0; overflow-wrap: anywhere; }
.fields dd:empty { display: none; }
.type, .place { color: var(--ink-muted); font-size: 0.8125rem; overflow-wrap: anywhere; }
.required { color: var(--warn); font-size: 0.75rem; font-weight: 500; }
.code { margin: 0 0 0.75rem; border: 1px solid var(--line); border-radius: 0.625rem; overflow: hidden; background: var(--surface); }
.code figcaption { padding: 0.3rem 0.9rem; border-bottom: 1px solid var(--line); color: var(--ink-muted); font-size: 0.75rem; background: var(--sunken); }
pre { margin: 0; padding: 0.75rem 0.9rem; overflow: auto; max-height: 26rem; line-height: 1.5; }
details > summary { cursor: pointer; color: var(--accent); font-size: 0.8125rem; margin-bottom: 0.5rem; }
.answer { margin-bottom: 1.25rem; }
.status { display: inline-block; padding: 0.05rem 0.4rem; border-radius: 0.25rem; background: var(--yes-soft); color: var(--yes); font-size: 0.75rem; }
.try { border: 1px solid var(--line-strong); border-radius: 0.625rem; background: var(--surface); padding: 1rem; }
.try label { display: block; font-weight: 500; margin-bottom: 0.75rem; }
.try label .place { font-weight: 400; margin-left: 0.5rem; }
.try input, .try textarea { display: block; width: 100%; margin-top: 0.25rem; padding: 0.4rem 0.6rem; border: 1px solid var(--line-strong); border-radius: 0.375rem; background: var(--surface); color: var(--ink); font: inherit; font-weight: 400; }
.try textarea { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.8125rem; resize: vertical; }
.try ::placeholder { color: var(--ink-muted); opacity: 0.75; }
.try button { padding: 0.4rem 0.9rem; border: 0; border-radius: 0.375rem; background: var(--accent); color: var(--accent-on); font: inherit; font-weight: 500; cursor: pointer; margin-bottom: 0.5rem; }
.try button:hover { background: var(--accent-hover); }
.result:not(:empty) { margin-top: 0.75rem; }
.status.refused { background: var(--no-soft); color: var(--no); }
@media (scripting: none) {
  .try { display: none; }
}
@media (max-width: 800px) {
  .bar { padding: 0 1rem; gap: 0.75rem; font-size: 0.8125rem; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; order: 2; max-height: none; padding: 0 0.5rem 2rem; border-top: 1px solid var(--line); }
  main { padding: 1rem 1rem 3rem; }
  .list a { grid-template-columns: minmax(0, 1fr); }
}
`;

/** Sends what the form says to this server and shows the answer. */
export const script = `const nav = document.querySelector("nav");
const current = nav.querySelector("[aria-current]");
if (current) nav.scrollTop = current.offsetTop - nav.clientHeight / 2;
const form = document.querySelector("form.try");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});
function requestOf() {
  const inputs = [...form.querySelectorAll("[data-place]")].filter(({ value }) => value !== "");
  const at = (place) => inputs.filter(({ dataset }) => dataset.place === place);
  const path = at("path").reduce((url, { name, value }) => url.replace("{" + name + "}", encodeURIComponent(value)), form.dataset.path);
  const query = new URLSearchParams();
  for (const { name, value, dataset } of at("query"))
    for (const part of "list" in dataset ? value.split(",") : [value]) query.append(name, part.trim());
  const headers = new Headers(at("header").map(({ name, value }) => [name, value]));
  const key = form.elements.namedItem("key")?.value.trim();
  if (key) headers.set("Authorization", "Bearer " + key);
  const body = form.elements.namedItem("body");
  if (body?.value) headers.set("Content-Type", body.dataset.type);
  const search = query.toString();
  return [path + (search && "?" + search), { method: form.dataset.method, headers, body: body?.value || undefined, credentials: "omit" }];
}
async function send() {
  const result = form.querySelector(".result");
  const began = performance.now();
  result.textContent = "Waiting for the answer…";
  try {
    const [url, request] = requestOf();
    const response = await fetch(url, request);
    const text = await response.text();
    const heading = document.createElement("p");
    const status = Object.assign(document.createElement("span"), { className: response.ok ? "status" : "status refused", textContent: response.status });
    heading.append(status, " " + url + ", " + Math.round(performance.now() - began) + " ms");
    const answer = Object.assign(document.createElement("pre"), { tabIndex: 0, textContent: pretty(text) });
    const frame = Object.assign(document.createElement("div"), { className: "code" });
    frame.append(answer);
    result.replaceChildren(heading, ...(text ? [frame] : []));
  } catch (error) {
    result.textContent = "The request could not be sent: " + error.message;
  }
}
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
`;
