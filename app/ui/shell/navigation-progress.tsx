import { useLocation, useNavigation } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { cx } from "~/ui/kit/cx";

/** A thin bar at the top while a page loads. After that the focus is on the page's heading, which screen readers read. */
export function NavigationProgress() {
  const isLoading = useNavigation().state !== "idle";
  const { pathname, hash } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (isLoading || shown.current === pathname) return;
    shown.current = pathname;
    if (hash === "") focusHeading();
  }, [isLoading, pathname, hash]);
  return (
    <div aria-hidden="true" className="pointer-events-none fixed inset-x-0 top-0 z-50 h-0.5 overflow-hidden">
      {/* Quick pages load before it is seen. */}
      <div
        className={cx(
          "h-full w-1/3 bg-accent opacity-0",
          isLoading && "animate-progress opacity-100 transition-opacity delay-150 motion-reduce:w-full motion-reduce:animate-none",
        )}
      />
    </div>
  );
}

function focusHeading(): void {
  // A field with autofocus, or one that the reader is already in, keeps it.
  const { activeElement } = document;
  if (activeElement?.matches("input, select, textarea")) return;
  const heading = document.querySelector<HTMLElement>("#main h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
