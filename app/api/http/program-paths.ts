const programPath = /^\/+(api|ofrep|healthz|readyz|metrics)(?=[/?]|$)/i;

/** True for paths in the API's namespace. They are never pages, so their errors are JSON. */
export const isForPrograms = ({ url }: { url: string }) => programPath.test(url);

/** A base URL that ends in a slash doubles the first slash of a path, which programs mean as one. Pages keep their address. */
export function withoutDoubledSlashes(url: string): string {
  if (!url.includes("//") || !programPath.test(url)) return url;
  const query = url.indexOf("?");
  const path = query === -1 ? url : url.slice(0, query);
  return path.replace(/\/{2,}/g, "/") + url.slice(path.length);
}
