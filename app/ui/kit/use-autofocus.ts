import { useEffect } from "react";
import { useHydrated } from "./use-hydrated";

/**
 * Focuses the page's element `data-autofocus` once it works, unless something else has the focus. Not on touch screens,
 * where it would open the keyboard.
 */
export function useAutofocus(): void {
  const hydrated = useHydrated();
  useEffect(() => {
    if (!hydrated || window.matchMedia("(pointer: coarse)").matches) return;
    const isFree = document.activeElement === null || document.activeElement === document.body;
    if (isFree) document.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  }, [hydrated]);
}
