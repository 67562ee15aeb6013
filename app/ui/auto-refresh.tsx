import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

type Props = {
  seconds?: number;
  /** Without script the browser loads the whole page again, and what was entered meanwhile is gone: only where that is no loss. */
  reload?: boolean;
};

/** Asks for the page's data again while something is under way. */
export function AutoRefresh({ seconds = 2, reload = false }: Props) {
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
  if (!reload) return null;
  return (
    <noscript>
      <meta httpEquiv="refresh" content={String(seconds)} />
    </noscript>
  );
}
