import { html } from "ghtml";
import { openApiPath } from "../openapi-path";
import type { OperationLink, ShownAnswer, ShownContent, ShownOperation, ShownParameter, ShownRefusal } from "./operation";
import type { SchemaField } from "./schema-fields";

export type ReferenceTheme = "system" | "light" | "dark";
export const referencePath = "/docs/api";

type Page = { theme: ReferenceTheme; title: string; links: readonly OperationLink[]; current?: string; main: string };

export const layout = ({ theme, title, links, current, main }: Page) => html`<!doctype html>
<html lang="en" class="${theme === "system" ? "" : theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme === "system" ? "light dark" : theme}">
<title>${title} · Latchkey</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${referencePath}/page.css">
<script src="${referencePath}/try.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="bar"><a class="brand" href="/"><img src="/favicon.svg" alt="" width="24" height="24">Latchkey</a><a href="${referencePath}">API reference</a><span class="grow"></span><a href="${openApiPath}">OpenAPI</a><a href="/keys">API keys</a></header>
<div class="columns">
<nav aria-label="Operations">
!${menu(links, current)}
</nav>
<main id="main" tabindex="-1">!${main}</main>
</div>
</body>
</html>
`;

function menu(links: readonly OperationLink[], current: string | undefined): string {
  const tags = [...new Set(links.map(({ tag }) => tag))];
  return tags
    .map(
      (tag) =>
        html`<p class="tag">${tag}</p><ul>!${links
          .filter((link) => link.tag === tag)
          .map(
            ({ id, method, path }) =>
              html`<li><a href="${referencePath}/${id}" !${id === current ? 'aria-current="page"' : ""}>!${badge(method)}<span>${path}</span></a></li>`,
          )}</ul>`,
    )
    .join("");
}

export const indexMain = (about: string, tags: readonly { name: string; description: string }[], links: readonly OperationLink[]) =>
  html`<h1>API reference</h1>!${prose(about)}!${tags.map(
    ({ name, description }) =>
      html`<section><h2>${name}</h2><p>${description}</p><ul class="list">!${links
        .filter(({ tag }) => tag === name)
        .map(
          ({ id, summary, method, path }) =>
            html`<li><a href="${referencePath}/${id}"><span class="route">!${badge(method)}<code>${path}</code></span><span>${summary}</span></a></li>`,
        )}</ul></section>`,
  )}`;

export const unknownMain = html`<h1>No such operation</h1><p>The API has no operation of this name. The list beside this has all of them.</p>`;

export const operationMain = (operation: ShownOperation, origin: string) => html`<h1>${operation.summary}</h1>
<p class="route">!${badge(operation.method)}<code>${operation.path}</code></p>
!${prose(operation.about)}
<p class="muted">!${
  operation.scopes.length === 0
    ? "No API key is needed."
    : html`Needs an API key with the scope !${operation.scopes.map((scope) => html`<code>${scope}</code>`).join(" or ")}.`
}</p>
!${operation.parameters.length === 0 ? "" : html`<h2>Parameters</h2><dl class="fields">!${operation.parameters.map(parameterRow)}</dl>`}
!${operation.body === null ? "" : html`<h2>Body</h2>!${prose(operation.body.about)}!${operation.body.content.map((c) => contentBlock(c, "Fields of the body"))}`}
<h2>Call it</h2>
<figure class="code"><figcaption>curl</figcaption><pre tabindex="0" aria-label="curl">${curlOf(operation, origin)}</pre></figure>
!${tryForm(operation)}
<h2>Answers</h2>
!${operation.answers.map(answerBlock)}
!${operation.refusals.length === 0 ? "" : html`<h2>Refusals</h2><p class="muted">Problem documents (RFC 9457). Programs read <code>code</code>; people read <code>detail</code>, of which each has an example here.</p><dl class="fields">!${operation.refusals.map(refusalRow)}</dl>`}`;

const parameterRow = ({ name, place, isRequired, type, about, example }: ShownParameter) =>
  html`<div><dt><code>${name}</code><span class="type">${type}</span><span class="place">${place}</span>!${isRequired ? required : ""}</dt><dd>!${inline(about)}!${
    example === "" ? "" : html` <span class="muted">Example: <code>${example}</code></span>`
  }</dd></div>`;

const required = '<span class="required">required</span>';

const fieldRow = ({ path, type, isRequired, about }: SchemaField) =>
  html`<div><dt><code>${path}</code><span class="type">${type}</span>!${isRequired ? required : ""}</dt><dd>!${inline(about)}</dd></div>`;

const contentBlock = ({ type, example, fields }: ShownContent, label: string) =>
  html`!${
    example === null
      ? html`<p><code>${type}</code></p>`
      : html`<figure class="code"><figcaption>${type}</figcaption><pre tabindex="0" aria-label="Example as ${type}">${example}</pre></figure>`
  }!${fields.length === 0 ? "" : html`<details><summary>${label} (${fields.length})</summary><dl class="fields">!${fields.map(fieldRow)}</dl></details>`}`;

const answerBlock = ({ status, about, headers, content }: ShownAnswer) =>
  html`<section class="answer"><h3><span class="status">${status}</span> ${about}</h3>!${
    headers.length === 0 ? "" : html`<p class="muted">Headers: !${headers.map((name) => html`<code>${name}</code>`).join(", ")}</p>`
  }!${content.map((c) => contentBlock(c, "Fields of the answer"))}</section>`;

const refusalRow = ({ status, code, detail }: ShownRefusal) =>
  html`<div><dt><span class="status refused">${status}</span><code>${code}</code></dt><dd>!${inline(detail)}</dd></div>`;

/** Hidden by the style sheet where scripts are off. */
function tryForm({ id, method, path, parameters, body, scopes }: ShownOperation): string {
  const [content] = body?.content ?? [];
  return html`<form class="try" data-method="${method}" data-path="${path}">
<h3>Try it on this server</h3>
!${scopes.length === 0 ? "" : html`<label>API key<input name="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="${id}-key"></label><p class="muted" id="${id}-key">Sent to this server only, and forgotten with this page.</p>`}
!${parameters.map(
    ({ name, place, isRequired, isList, example }) =>
      html`<label>${name}<span class="place">${place}!${isList ? ", separated by commas" : ""}</span><input data-place="${place}" !${isList ? "data-list" : ""} name="${name}" value="${isRequired ? example : ""}" placeholder="${example}" !${isRequired ? "required" : ""} spellcheck="false" autocomplete="off"></label>`,
  )}
!${
    content
      ? html`<label>Body<span class="place">${content.type}</span><textarea name="body" rows="8" data-type="${content.type}" spellcheck="false">${content.example ?? ""}</textarea></label>`
      : ""
  }
<button type="submit">Send</button>!${method === "GET" ? "" : '<p class="muted">This writes to the database of this server.</p>'}
<div role="status" class="result"></div>
</form>`;
}

function curlOf({ method, path, parameters, body, scopes }: ShownOperation, origin: string): string {
  const needed = parameters.filter(({ isRequired }) => isRequired);
  const filled = needed
    .filter(({ place }) => place === "path")
    .reduce((url, { name, example }) => url.replace(`{${name}}`, encodeURIComponent(example)), path);
  const query = needed
    .filter(({ place }) => place === "query")
    .map(({ name, example }) => `${name}=${encodeURIComponent(example)}`)
    .join("&");
  const [content] = body?.content ?? [];
  return [
    `curl ${method === "GET" ? "" : `-X ${method} `}'${origin}${filled}${query ? `?${query}` : ""}'`,
    ...(scopes.length === 0 ? [] : ['-H "Authorization: Bearer $LATCHKEY_API_KEY"']),
    ...(content ? [`-H 'Content-Type: ${content.type}'`, `-d '${(content.example ?? "").replaceAll("'", "'\\''")}'`] : []),
  ].join(" \\\n  ");
}

const badge = (method: string) => html`<span class="method ${method.toLowerCase()}">${method}</span>`;

/** Paragraphs with `code` in backticks. */
const prose = (text: string) =>
  text
    .split(/\n{2,}/)
    .map((part) => `<p>${inline(part)}</p>`)
    .join("");
const inline = (text: string) => html`${text}`.replace(/&#96;(.+?)&#96;/g, "<code>$1</code>");
