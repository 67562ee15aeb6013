import { useFetcher } from "@remix-run/react";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { foldText } from "~/core/plain-text";
import { paths, withQuery } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { inputLook } from "~/ui/kit/inputs";
import { count } from "~/ui/kit/pagination";
import { useHydrated } from "~/ui/kit/use-hydrated";
import { FeaturePickerRow } from "./feature-picker-row";

export type Choice = {
  key: string;
  name: string;
  group: string | null;
  kind: FeatureKind;
  entitled: boolean;
  sentence: string;
  /** The live trial, which can only be extended. */
  live: { grant: string; until: number } | null;
  /** Why a trial may change nothing: the plan or an add-on includes it. Null if none does. */
  included: string | null;
  /** Refused checks of the last 30 days, if it is among the most refused features. */
  refused: number;
  /** The suggested value as it is typed. */
  value: string | null;
};

type Props = {
  tenant: string;
  choices: readonly Choice[];
  /** Further features, which a search finds on the server. */
  left: number;
  /** Keys selected initially. */
  chosen: readonly string[];
  /** Typed values and their errors, by `nameOfKey`. */
  typed?: Record<string, string>;
  errors?: (name: string) => string[] | undefined;
  onChosen: (chosen: Choice[]) => void;
};

/** Delay after the last key before the server is asked, in ms. */
const pause = 200;

/** Selects one or more features, as `feature`; features with values add an input `values.<nameOfKey>`. */
export function FeaturePicker({ tenant, choices, left, chosen, onChosen, ...rest }: Props) {
  const hydrated = useHydrated();
  const [search, setSearch] = useState("");
  // Initially selected features stay on top: a row that moves while it is ticked is lost.
  const [first] = useState(() => new Set(chosen));
  const [ticked, setTicked] = useState(() => choices.filter((c) => chosen.includes(c.key) && !c.live));
  const [isOpen, setOpen] = useState(chosen.length === 0);
  const box = useRef<HTMLDivElement>(null);
  const found = useFoundChoices(tenant, left > 0 ? search : "");
  const known = [...new Map([...choices, ...ticked, ...found].map((choice) => [choice.key, choice])).values()];
  const words = foldText(search).trim();
  const isHidden = (c: Choice) => words !== "" && !foldText(`${c.name}\n${c.key}\n${c.group ?? ""}`).includes(words);
  const onTick = (choice: Choice, on: boolean) => {
    const next = on ? [...ticked, choice] : ticked.filter(({ key }) => key !== choice.key);
    setTicked(next);
    onChosen(next);
  };
  const row = (choice: Choice, hidden = false) => (
    <FeaturePickerRow
      key={choice.key}
      tenant={tenant}
      choice={choice}
      hidden={hidden}
      checked={first.has(choice.key)}
      onTick={(on) => onTick(choice, on)}
      {...rest}
    />
  );
  /** Enter ticks the first match that is not ticked. With Ctrl or Cmd it sends the form. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const inputs = [...(box.current?.querySelectorAll<HTMLInputElement>("input[name=feature]:enabled:not(:checked)") ?? [])];
    if (words !== "") inputs.find((input) => !input.closest("[hidden]"))?.click();
  };
  const top = known.filter((c) => first.has(c.key));
  const refused = known.filter((c) => c.refused > 0 && !first.has(c.key));
  const others = known.filter((c) => c.refused === 0 && !first.has(c.key));
  const groups = [...new Set(others.map((c) => c.group))];
  const lists = [
    { title: "Refused in the last 30 days", rows: refused },
    ...groups.map((group) => ({
      title: groups.length > 1 || refused.length > 0 ? (group ?? "Other features") : null,
      rows: others.filter((c) => c.group === group),
    })),
  ];
  return (
    <div ref={box} className="overflow-hidden rounded-control border border-line-strong bg-surface shadow-card">
      {/* Keeps its place without script, so that nothing moves when it appears. */}
      <label className={cx("relative block border-line border-b p-2", !hydrated && "invisible")}>
        <span className="sr-only">Search features</span>
        <Search className="pointer-events-none absolute top-1/2 left-4.5 size-4 -translate-y-1/2 text-ink-faint" aria-hidden="true" />
        <input
          type="search"
          data-autofocus
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setOpen(true);
          }}
          onKeyDown={onKeyDown}
          placeholder="Search features"
          autoComplete="off"
          className={cx(inputLook, "h-10 pl-8 sm:h-8")}
        />
      </label>
      {top.length > 0 && <div className="border-line border-b px-3 py-1.5">{top.map((choice) => row(choice))}</div>}
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="cursor-pointer px-3 py-2 text-ink-muted text-sm hover:text-ink">
          {top.length > 0 ? "More features" : "All features"}
          {hydrated && ticked.length > 0 && <span className="ml-2 text-ink-faint text-xs">{ticked.length} chosen</span>}
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section aria-label="All features" tabIndex={0} className="max-h-80 overflow-y-auto border-line border-t px-3 py-1.5">
          {lists.map(({ title, rows }) => (
            <div key={title ?? ""} hidden={rows.every(isHidden)}>
              {title !== null && <p className="pt-2 pb-0.5 font-medium text-ink-muted text-xs">{title}</p>}
              {rows.map((choice) => row(choice, isHidden(choice)))}
            </div>
          ))}
          {[...refused, ...others].every(isHidden) && <p className="py-3 text-center text-ink-muted text-sm">No feature matches.</p>}
          {left > 0 && words === "" && <p className="py-2 text-ink-muted text-xs">{count(left)} more features. Search to find them.</p>}
        </section>
      </details>
    </div>
  );
}

/** What the server finds for a search, in catalogues with more features than are listed. */
function useFoundChoices(tenant: string, search: string): readonly Choice[] {
  const { load, data } = useFetcher<{ choices: Choice[] }>();
  const words = search.trim();
  useEffect(() => {
    if (words === "") return;
    const timer = setTimeout(() => load(withQuery(paths.trialNew(tenant), { q: words })), pause);
    return () => clearTimeout(timer);
  }, [load, tenant, words]);
  return words === "" ? [] : (data?.choices ?? []);
}
