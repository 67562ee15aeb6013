import { Search } from "lucide-react";
import { useState } from "react";
import { foldText } from "~/core/plain-text";
import { cx } from "./cx";
import { inputLook } from "./inputs";
import { count } from "./pagination";
import { useHydrated } from "./use-hydrated";

export type PickOption = { value: string; label: string; detail?: string; group?: string | null };

type PickListProps = {
  name: string;
  /** In display order, groups together. */
  options: readonly PickOption[];
  checked?: readonly string[];
  /** Plural noun of the options: "features". */
  noun: string;
};

/** Select any number of many options: checkboxes, with a search box that works with JavaScript and keeps its place before. Inside <Field group>. */
export function PickList({ name, options, checked = [], noun }: PickListProps) {
  const hydrated = useHydrated();
  const [search, setSearch] = useState("");
  const [picked, setPicked] = useState<ReadonlySet<string>>(() => new Set(checked));
  const words = foldText(search).split(/\s+/);
  const matches = (option: PickOption) => {
    const text = foldText(`${option.label} ${option.value} ${option.group ?? ""}`);
    return words.every((word) => text.includes(word));
  };
  const shown = new Set(options.filter(matches).map((option) => option.value));
  const toggle = (value: string, on: boolean) =>
    setPicked((before) => {
      const after = new Set(before);
      if (on) after.add(value);
      else after.delete(value);
      return after;
    });

  return (
    <div className="overflow-hidden rounded-control border border-line-strong bg-surface shadow-card">
      <div className={cx("flex items-center gap-2 border-line border-b p-1.5", !hydrated && "invisible")}>
        <label className="relative min-w-0 flex-1">
          <span className="sr-only">Search {noun}</span>
          <Search className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-faint" aria-hidden="true" />
          <input
            type="search"
            value={search}
            placeholder={`Search ${count(options.length)} ${noun}`}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
            className={cx(inputLook, "h-8 pl-8 shadow-none!")}
          />
        </label>
        <span className="shrink-0 px-1.5 text-ink-muted text-xs" aria-live="polite">
          {count(picked.size)} chosen
        </span>
      </div>
      <ul className="max-h-64 overflow-y-auto py-1">
        {options.map((option, i) => (
          <li key={option.value} hidden={!shown.has(option.value)}>
            {option.group && option.group !== options[i - 1]?.group && search === "" && (
              <p className="px-3 pt-2 pb-1 font-medium text-ink-faint text-xs">{option.group}</p>
            )}
            <label className="flex min-w-0 items-center gap-2.5 px-3 py-1.5 text-sm hover:bg-sunken max-sm:py-2.5">
              <input
                type="checkbox"
                name={name}
                value={option.value}
                checked={picked.has(option.value)}
                onChange={(event) => toggle(option.value, event.target.checked)}
                className="size-4 shrink-0"
              />
              <span title={option.label} className="min-w-0 flex-1 truncate">
                {option.label}
              </span>
              {option.detail && <span className="shrink-0 text-ink-faint text-xs">{option.detail}</span>}
            </label>
          </li>
        ))}
        {shown.size === 0 && <li className="px-3 py-6 text-center text-ink-muted text-sm">No {noun} match.</li>}
      </ul>
    </div>
  );
}
