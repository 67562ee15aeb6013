import { useNavigate } from "@remix-run/react";
import { useEffect, useRef } from "react";
import type { NavItem } from "./nav";

/** Longest time between g and the next key, in ms. */
const sequenceMs = 1_500;

type Acts = { search: () => void; sheet: () => void };

export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

export const isDialogOpen = () => document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;

/** Ctrl K and / search, ? shows all shortcuts, g and a letter go to a page. While typing only Ctrl K works. */
export function useShortcuts(pages: readonly NavItem[], acts: Acts): void {
  const navigate = useNavigate();
  const latest = useRef({ pages, acts, navigate });
  useEffect(() => {
    latest.current = { pages, acts, navigate };
  });
  useEffect(() => {
    let pressedG = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.altKey || isDialogOpen()) return;
      const { pages, acts, navigate } = latest.current;
      const run = (act: () => void) => {
        event.preventDefault();
        act();
      };
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() === "k" && !event.shiftKey) run(acts.search);
        return;
      }
      if (isTyping(event.target)) return;
      const isAfterG = event.timeStamp - pressedG < sequenceMs;
      pressedG = Number.NEGATIVE_INFINITY;
      if (event.key === "/") run(acts.search);
      else if (event.key === "?") run(acts.sheet);
      else if (isAfterG) {
        const page = pages.find(({ shortcut }) => shortcut === event.key);
        if (page) run(() => navigate(page.to));
      } else if (event.key === "g") pressedG = event.timeStamp;
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
