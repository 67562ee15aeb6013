import { Form, Link, useLocation } from "@remix-run/react";
import { Search } from "lucide-react";
import {
  createContext,
  type MouseEvent,
  type ReactNode,
  startTransition,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { inputLook } from "~/ui/kit/inputs";
import type { NavItem } from "./nav";
import { useShortcuts } from "./use-shortcuts";

// Loaded when first opened, or when a pointer or the focus is on the search box. Not with `lazy`: React 18 fails (error
// 345) when a part suspends just after the page was hydrated.
const loadDialogs = () => import("~/ui/search/dialogs");
const preload = () => void loadDialogs().catch(() => {});
type Dialogs = Awaited<ReturnType<typeof loadDialogs>>;

const OpenContext = createContext<(text: string) => void>(() => {});

type HostProps = { pages: readonly NavItem[]; canChange: boolean; children: ReactNode };

/** Opens the palette and the sheet of shortcuts, which are separate files. */
export function PaletteHost({ pages, canChange, children }: HostProps) {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const [dialogs, setDialogs] = useState<Dialogs | null>(null);
  const [text, setText] = useState("");
  const returnTo = useRef<HTMLElement | null>(null);
  const { key } = useLocation();
  const show = useCallback((what: "palette" | "shortcuts", typed = "") => {
    returnTo.current = document.activeElement as HTMLElement | null;
    // Transitions wait for parts of the page that are not hydrated yet, on which React 18 fails otherwise.
    startTransition(() => {
      setText(typed);
      setOpen(what);
    });
    loadDialogs().then(
      (loaded) => startTransition(() => setDialogs(loaded)),
      // The file is gone after an update of the server; this page is a new document.
      () => window.location.assign(paths.search(typed)),
    );
  }, []);
  const showPalette = useCallback((typed: string) => show("palette", typed), [show]);
  useShortcuts(pages, { search: () => show("palette"), sheet: () => show("shortcuts") });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each navigation closes it
  useEffect(() => setOpen(null), [key]);
  const close = () => setOpen(null);
  return (
    <OpenContext.Provider value={showPalette}>
      {children}
      {dialogs && open === "palette" && (
        <dialogs.Palette
          initialText={text}
          allPages={pages}
          canChange={canChange}
          returnTo={returnTo}
          onClose={close}
          onShortcuts={() => setOpen("shortcuts")}
        />
      )}
      {dialogs && open === "shortcuts" && <dialogs.ShortcutSheet pages={pages} returnTo={returnTo} onClose={close} />}
    </OpenContext.Provider>
  );
}

/** A form that leads to the page of results; a click opens the palette instead. */
export function ShellSearch({ className }: { className?: string }) {
  const open = useContext(OpenContext);
  return (
    <Form method="get" action={paths.search()} role="search" aria-label="Everything" className={cx("relative", className)}>
      <Search className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-faint" aria-hidden="true" />
      <input
        type="search"
        name="q"
        aria-label="Search"
        aria-keyshortcuts="Control+K Meta+K /"
        placeholder="Search"
        autoComplete="off"
        maxLength={200}
        onFocus={preload}
        onPointerEnter={preload}
        onClick={(event) => open(event.currentTarget.value)}
        className={cx(inputLook, "h-8 pr-14 pl-8 max-lg:h-10")}
      />
      <kbd className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 rounded border border-line bg-sunken px-1 font-sans text-[0.6875rem] text-ink-faint">
        Ctrl K
      </kbd>
    </Form>
  );
}

export function SearchLink({ className }: { className?: string }) {
  const open = useContext(OpenContext);
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open("");
  };
  return (
    <Link to={paths.search()} onClick={onClick} onPointerEnter={preload} aria-label="Search" className={className}>
      <Search aria-hidden="true" />
    </Link>
  );
}
