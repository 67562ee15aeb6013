import { useFetcher, useNavigate, useSubmit } from "@remix-run/react";
import { Command } from "cmdk";
import { CornerDownLeft, Loader, Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { type RefObject, useEffect, useState } from "react";
import type { SearchAnswer } from "~/core/search/results";
import { verbs } from "~/forms/search/command";
import { readSearchQuery } from "~/forms/search/search-query";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import type { NavItem } from "~/ui/shell/nav";
import { commandAct } from "./command-words";
import { Overlay, returnFocus } from "./overlay";
import { findPages } from "./pages";
import { PaletteGroup, PaletteItem } from "./palette-item";
import { resultGroups } from "./result-rows";
import { Kbd } from "./shortcut-sheet";

/** Delay after the last key before a search is sent, in ms. */
const pauseMs = 80;

type PaletteProps = {
  initialText: string;
  /** Pages that the person may open. */
  allPages: readonly NavItem[];
  canChange: boolean;
  returnTo: RefObject<HTMLElement | null>;
  onClose: () => void;
  onShortcuts: () => void;
};

export function Palette({ initialText, allPages, canChange, returnTo, onClose, onShortcuts }: PaletteProps) {
  const [text, setText] = useState(initialText);
  const [selected, setSelected] = useState("");
  const [chosen, setChosen] = useState<{ q: string; to: string } | null>(null);
  const { load, data } = useFetcher<SearchAnswer>();
  const navigate = useNavigate();
  const submit = useSubmit();
  const { q, words, problem } = readSearchQuery(new URLSearchParams({ q: text }));
  useEffect(() => {
    if (q === "" || problem) return;
    const timer = setTimeout(() => load(paths.search(q)), pauseMs);
    return () => clearTimeout(timer);
  }, [q, problem, load]);

  // Lines of a former query must not be acted on.
  const isCurrent = data?.q === q;
  const isPending = q !== "" && !problem && !isCurrent;
  const shown = q === "" || problem ? undefined : data;
  // Closed first, because it keeps the focus that the next page's heading gets.
  const go = (to: string) => {
    onClose();
    navigate(to);
  };
  const send = (to: string, fields: Record<string, string>) => {
    onClose();
    submit(fields, { method: "post", action: to });
  };
  // Enter while a search is pending opens the line if the answer still lists it first.
  const open = (to: string) => (isCurrent ? go(to) : setChosen({ q, to }));
  const act = shown?.command ? commandAct(shown.command, shown.now) : null;
  const groups = shown ? resultGroups(shown.results) : [];
  const near = shown?.near ? resultGroups(shown.near) : [];
  const pages = q === "" ? allPages : findPages(allPages, words);
  const lines = [...groups, ...near].reduce((sum, { rows }) => sum + rows.length, pages.length);
  const first = act
    ? "command"
    : shown?.command?.kind === "several"
      ? shown.command.options[0]?.typed
      : ([...groups, ...near][0]?.rows[0]?.to ?? (pages[0] && `page ${pages[0].to}`));
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer selects its first line
  useEffect(() => setSelected(first ?? ""), [data, q === ""]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: decided by the answer
  useEffect(() => {
    if (chosen?.q === q && isCurrent && chosen.to === first) go(chosen.to);
  }, [data]);
  const isNothing = isCurrent && lines === 0 && !shown?.command;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Overlay onCloseAutoFocus={returnFocus(returnTo)} className="max-w-xl">
        <Dialog.Title className="sr-only">Search</Dialog.Title>
        <Dialog.Description className="sr-only">
          Type parts of names. The arrow keys choose a line, Enter opens it, Escape closes.
        </Dialog.Description>
        <Command shouldFilter={false} value={selected} onValueChange={setSelected} loop label="Search" className="flex min-h-0 flex-col">
          <div className="flex items-center gap-2.5 border-line border-b px-4">
            {isPending ? (
              <Loader className="size-4 shrink-0 animate-spin text-accent motion-reduce:animate-none" aria-hidden="true" />
            ) : (
              <Search className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
            )}
            <Command.Input
              value={text}
              onValueChange={setText}
              maxLength={200}
              placeholder={canChange ? "Search, or type “trial acme sso 14”" : "Search"}
              className="h-12 w-full min-w-0 bg-transparent text-base text-ink outline-none placeholder:text-ink-faint sm:text-sm"
            />
          </div>
          <p role="status" className="sr-only">
            {isPending
              ? "Searching"
              : q === ""
                ? ""
                : act
                  ? `${act.sentence}. Press Enter.`
                  : lines === 1
                    ? "1 result"
                    : `${lines} results`}
          </p>
          <Command.List className={cx("min-h-0 overflow-y-auto p-2", isPending && "opacity-60")} aria-busy={isPending}>
            {problem && <p className="px-2 py-3 text-no">{problem}</p>}
            {shown?.command?.kind === "problem" && <p className="px-2 py-3 text-ink-muted">{shown.command.message}</p>}
            {act && (
              <PaletteItem value="command" isDisabled={!isCurrent} onSelect={() => (act.fields ? send(act.to, act.fields) : go(act.to))}>
                <span className="min-w-0 flex-1 font-medium wrap-anywhere">{act.sentence}</span>
                <CornerDownLeft className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
              </PaletteItem>
            )}
            {shown?.command?.kind === "several" && (
              <PaletteGroup heading="Which one?">
                {shown.command.options.map(({ label, typed }) => (
                  <PaletteItem key={typed} value={typed} isDisabled={!isCurrent} onSelect={() => setText(typed)}>
                    <span className="truncate">{label}</span>
                  </PaletteItem>
                ))}
              </PaletteGroup>
            )}
            {isNothing && <p className="px-2 py-3 text-ink-muted wrap-anywhere">Nothing matches “{q}”.</p>}
            {near.length > 0 && <p className="px-2 pt-3 text-ink-muted">Nothing matches “{q}”. These come near.</p>}
            {[...groups, ...near].map(({ heading, rows }) => (
              <PaletteGroup key={heading} heading={heading}>
                {rows.slice(0, 6).map(({ to, name, detail, note }) => (
                  <PaletteItem key={to} value={to} onSelect={() => open(to)}>
                    <span title={name} className="min-w-0 shrink truncate font-medium">
                      {name}
                    </span>
                    <span title={detail} className="min-w-0 flex-1 truncate font-mono text-ink-muted text-xs">
                      {detail}
                    </span>
                    {note && <span className="max-w-[35%] shrink-0 truncate text-ink-muted text-xs">{note}</span>}
                  </PaletteItem>
                ))}
              </PaletteGroup>
            ))}
            {groups.some(({ hasMore, rows }) => hasMore || rows.length > 6) && (
              <PaletteItem value="all" onSelect={() => go(paths.search(q))}>
                Show all results
              </PaletteItem>
            )}
            {pages.length > 0 && (
              <PaletteGroup heading="Pages">
                {pages.map(({ label, to, icon: Icon }) => (
                  <PaletteItem key={to} value={`page ${to}`} onSelect={() => go(to)}>
                    <Icon className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
                    {label}
                  </PaletteItem>
                ))}
              </PaletteGroup>
            )}
            {q === "" && (
              <PaletteGroup heading="Commands">
                {Object.entries(verbs)
                  .filter(([, verb]) => canChange || "isRead" in verb)
                  .map(([verb, { usage, description }]) => (
                    <PaletteItem key={verb} value={`verb ${verb}`} onSelect={() => setText(`${verb} `)}>
                      <span className="shrink-0">{description}</span>
                      <span className="min-w-0 truncate font-mono text-ink-muted text-xs">{usage}</span>
                    </PaletteItem>
                  ))}
                <PaletteItem value="shortcuts" onSelect={onShortcuts}>
                  <span className="flex-1">Keyboard shortcuts</span>
                  <Kbd>?</Kbd>
                </PaletteItem>
              </PaletteGroup>
            )}
          </Command.List>
        </Command>
      </Overlay>
    </Dialog.Root>
  );
}
