import { useLocation } from "@remix-run/react";
import { startTransition, useEffect, useState } from "react";
import { isTrialForm } from "~/paths";

// Not with `lazy`, for the reason in palette-host.tsx.
const loadDrawer = () => import("~/ui/grants/trial-drawer");
type Drawer = Awaited<ReturnType<typeof loadDrawer>>["TrialDrawer"];
type Opened = { page: string; opener: HTMLElement; Drawer: Drawer };

/** The link that an event happened in, if it leads from this page to the form for granting a trial. */
function trialLinkOf(event: Event): HTMLAnchorElement | null {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
  return link && isTrialForm(link.pathname) && link.pathname !== window.location.pathname ? link : null;
}

/** Opens the form for granting a trial as a drawer over any page with a link to it. */
export function TrialDrawerHost() {
  const [opened, setOpened] = useState<Opened | null>(null);
  const { key } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new location closes the drawer
  useEffect(() => setOpened(null), [key]);
  useEffect(() => {
    const preload = (event: Event) => void (trialLinkOf(event) && loadDrawer().catch(() => {}));
    const open = (event: MouseEvent) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = trialLinkOf(event);
      if (!link) return;
      event.preventDefault();
      const page = link.pathname + link.search;
      loadDrawer().then(
        ({ TrialDrawer }) => startTransition(() => setOpened((before) => ({ page, opener: before?.opener ?? link, Drawer: TrialDrawer }))),
        () => window.location.assign(link.href),
      );
    };
    // While capturing: React Router's links then see that the click was handled.
    document.addEventListener("click", open, true);
    document.addEventListener("pointerover", preload);
    document.addEventListener("focusin", preload);
    return () => {
      document.removeEventListener("click", open, true);
      document.removeEventListener("pointerover", preload);
      document.removeEventListener("focusin", preload);
    };
  }, []);
  if (!opened) return null;
  const { Drawer, ...props } = opened;
  return <Drawer {...props} onClose={() => setOpened(null)} />;
}
