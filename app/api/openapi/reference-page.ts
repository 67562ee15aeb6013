/** The page /docs/api around the viewer. Everything is in separate files, so that it needs no inline script or style. */

/** `theme`: as on the pages; "system" follows the browser. */
export const page = (theme: "system" | "light" | "dark", description: string) => `<!doctype html>
<html lang="en" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Latchkey</title>
<link rel="icon" href="/docs/api/favicon-32x32.png">
<link rel="stylesheet" href="/docs/api/swagger-ui.css">
<link rel="stylesheet" href="/docs/api/page.css">
<script src="/docs/api/theme.js"></script>
</head>
<body>
<header class="bar"><a href="/">Latchkey</a> <span>API reference</span> <a href="/keys">API keys</a></header>
<main id="reference"></main>
<noscript>This page needs JavaScript. The description itself is at <a href="${description}">${description}</a>.</noscript>
<script src="/docs/api/swagger-ui-bundle.js"></script>
<script src="/docs/api/start.js"></script>
</body>
</html>
`;

/** Runs before rendering. The viewer uses dark colours under this class. */
export const theme = `const { dataset, classList } = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const follow = () => classList.toggle("dark-mode", dataset.theme === "dark" || (dataset.theme === "system" && system.matches));
system.addEventListener("change", follow);
follow();
`;

/**
 * The description is the same on every server, so requests go to the page's origin. The viewer prefills examples;
 * optional parameters stay empty, because all together make no sensible request.
 */
export const start = (description: string) => `const onlyShown = (select) => (_state, ...asked) => {
  const parameter = select(...asked);
  const example = parameter?.get("example");
  if (example === undefined || parameter.get("required")) return parameter;
  return parameter.delete("example").set("x-example", example);
};
SwaggerUIBundle({
  plugins: [() => ({ statePlugins: { spec: { wrapSelectors: { parameterWithMetaByIdentity: onlyShown } } } })],
  url: "${description}",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  persistAuthorization: false,
  requestInterceptor: (request) => {
    const { pathname, search } = new URL(request.url, location.href);
    return { ...request, url: location.origin + pathname + search };
  },
});
`;

export const style = `body { margin: 0; }
.bar { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: baseline; max-width: 1460px; margin: 0 auto; padding: 0.875rem 1.75rem; box-sizing: border-box; font: 0.875rem/1.4 system-ui, sans-serif; color: #57544c; }
.bar a { color: #0d5c64; }
.bar a:first-child { font-weight: 600; text-decoration: none; }
.bar a:last-child { margin-left: auto; }
.dark-mode .bar { color: #b3afa5; }
.dark-mode .bar a { color: #6cc3ca; }
.swagger-ui .info { margin: 1.25rem 0; }
.swagger-ui .scheme-container { padding: 0.75rem 0; margin: 0 0 1rem; }
/* There is one server: the one that this page came from. */
.swagger-ui .scheme-container .schemes .schemes-server-container { display: none; }
.swagger-ui .scheme-container .schemes { justify-content: flex-end; }
/* Nothing here links to anything, and a narrow screen has no room for a column that says so. */
.swagger-ui .response-col_links { display: none; }
.swagger-ui :focus-visible { outline: 2px solid #0d5c64; outline-offset: 2px; }
.dark-mode .swagger-ui :focus-visible { outline-color: #6cc3ca; }
@media (max-width: 640px) {
  .bar { padding: 0.75rem 1rem; }
  .swagger-ui .wrapper { padding: 0 1rem; }
  .swagger-ui .opblock-tag { display: grid; grid-template-columns: 1fr auto; }
  .swagger-ui .opblock-tag small { grid-row: 2; padding: 0.25rem 0 0; }
}
`;
