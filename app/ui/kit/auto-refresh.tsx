import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

type Props = {
  seconds?: number;
  /** Without JavaScript the browser reloads the page and input is lost, so use it only where that is fine. */
  reload?: boolean;
};

/** Reloads the page's data while something is in progress. */
export function AutoRefresh({ seconds = 2, reload = false }: Props) {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    if (state !== "idle") return;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") revalidate();
    }, seconds * 1000);
    // A background page catches up when it becomes visible.
    document.addEventListener("visibilitychange", revalidate);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", revalidate);
    };
  }, [revalidate, state, seconds]);
  if (!reload) return null;
  return (
    <noscript>
      <meta httpEquiv="refresh" content={String(seconds)} />
    </noscript>
  );
}
