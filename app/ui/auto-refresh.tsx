import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

/** Asks for the page's data again while something is under way; without script the browser loads the page again. */
export function AutoRefresh({ seconds = 2 }: { seconds?: number }) {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    if (state !== "idle") return;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") revalidate();
    }, seconds * 1000);
    // A page that was in the background catches up when it is looked at again.
    document.addEventListener("visibilitychange", revalidate);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", revalidate);
    };
  }, [revalidate, state, seconds]);
  return (
    <noscript>
      <meta httpEquiv="refresh" content={String(seconds)} />
    </noscript>
  );
}
