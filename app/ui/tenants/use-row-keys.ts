import { useEffect } from "react";
import { isDialogOpen, isTyping } from "~/ui/shell/use-shortcuts";

const steps: { [key: string]: number } = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };

/**
 * j and k move between links that have `data-row`, the arrow keys only from such a link. Menus that have `data-row-menu`
 * close when another place is clicked, and with Escape.
 */
export function useRowKeys(): void {
  useEffect(() => {
    const openMenus = () => [...document.querySelectorAll<HTMLDetailsElement>("details[data-row-menu][open]")];
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isDialogOpen()) return;
      if (event.key === "Escape") {
        for (const menu of openMenus()) {
          if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
          menu.open = false;
        }
      }
      const step = steps[event.key];
      if (step === undefined) return;
      const rows = [...document.querySelectorAll<HTMLElement>("a[data-row]")];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      if (at < 0 && event.key.startsWith("Arrow")) return;
      event.preventDefault();
      rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
    };
    const onClick = ({ target }: MouseEvent) => {
      for (const menu of openMenus()) if (!menu.contains(target as Node)) menu.open = false;
    };
    // On the window, after the shortcuts of all pages: g k goes to another page.
    window.addEventListener("keydown", onKeyDown);
    document.addEventListener("click", onClick);
    return () => {
      window.removeEventListener("keydown", onKeyDown);
      document.removeEventListener("click", onClick);
    };
  }, []);
}
