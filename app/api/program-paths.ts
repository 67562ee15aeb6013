const programPath = /^\/+(api|ofrep|healthz|readyz|metrics)(?=[/?]|$)/i;

/** Whether an address begins like one that programs ask. Such an address is never a page: its errors are JSON. */
export const isForPrograms = ({ url }: { url: string }) => programPath.test(url);

/** A base URL that ends in a slash doubles the first slash of a path, which programs mean as one. Pages keep their address. */
export function withoutDoubledSlashes(url: string): string {
  if (!url.includes("//") || !programPath.test(url)) return url;
  const query = url.indexOf("?");
  const path = query === -1 ? url : url.slice(0, query);
  return path.replace(/\/{2,}/g, "/") + url.slice(path.length);
}
