import { Search } from "lucide-react";
import { useState } from "react";
import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { foldText } from "~/core/plain-text";
import { nameOfKey } from "~/forms/catalogue/feature-value";
import { Checkbox } from "~/ui/kit/choices";
import { cx } from "~/ui/kit/cx";
import { Field } from "~/ui/kit/field";
import { inputLook } from "~/ui/kit/inputs";
import { useHydrated } from "~/ui/kit/use-hydrated";
import { ValueInput, valueLabel } from "./value-input";

export type Choice = {
  key: string;
  name: string;
  group: string | null;
  kind: FeatureKind;
  entitled: boolean;
  message: string;
  gives: string | null;
};

type Props = {
  choices: readonly Choice[];
  /** Keys selected initially. */
  chosen: readonly string[];
  /** Typed values and their errors, by `nameOfKey`. */
  typed?: Record<string, string>;
  errors?: (name: string) => string[] | undefined;
};

/** Selects one or more features, as `feature`; features with values add an input `values.<nameOfKey>`. */
export function FeaturePicker({ choices, chosen, ...rest }: Props) {
  const hydrated = useHydrated();
  const [search, setSearch] = useState("");
  // Initially selected features stay on top: a row that moves while it is ticked is lost.
  const [first] = useState(() => new Set(chosen));
  const [ticked, setTicked] = useState(() => new Set(chosen));
  const words = foldText(search).trim();
  const isHidden = (c: Choice) => words !== "" && !foldText(`${c.name}\n${c.key}\n${c.group ?? ""}`).includes(words);
  const top = choices.filter((c) => first.has(c.key));
  const others = choices.filter((c) => !first.has(c.key));
  const row = (choice: Choice, hidden = false) => (
    <Row
      key={choice.key}
      choice={choice}
      hidden={hidden}
      checked={first.has(choice.key)}
      onTick={(on) => setTicked((old) => new Set(on ? [...old, choice.key] : [...old].filter((key) => key !== choice.key)))}
      {...rest}
    />
  );
  const groups = [...new Set(others.map((c) => c.group))];
  const more = (
    <>
      {/* Keeps its place without script, so that nothing moves when it appears. */}
      <label className={cx("relative block border-line border-b p-2", !hydrated && "invisible")}>
        <span className="sr-only">Search features</span>
        <Search className="pointer-events-none absolute top-1/2 left-4.5 size-4 -translate-y-1/2 text-ink-faint" aria-hidden="true" />
        <input
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
          placeholder="Search features"
          autoComplete="off"
          className={cx(inputLook, "h-10 pl-8 sm:h-8")}
        />
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section aria-label="All features" tabIndex={0} className="max-h-80 overflow-y-auto px-3 py-1.5">
        {groups.map((group) => {
          const inGroup = others.filter((c) => c.group === group);
          return (
            <div key={group ?? ""} hidden={inGroup.every(isHidden)}>
              {groups.length > 1 && <p className="pt-2 pb-0.5 font-medium text-ink-muted text-xs">{group ?? "Other features"}</p>}
              {inGroup.map((choice) => row(choice, isHidden(choice)))}
            </div>
          );
        })}
        {others.every(isHidden) && <p className="py-3 text-center text-ink-muted text-sm">No feature matches.</p>}
      </section>
    </>
  );
  return (
    <div className="overflow-hidden rounded-control border border-line-strong bg-surface shadow-card">
      {top.length > 0 && <div className="px-3 py-1.5">{top.map((choice) => row(choice))}</div>}
      {others.length > 0 && (
        <details open={top.length === 0} className={cx(top.length > 0 && "border-line border-t")}>
          <summary className="cursor-pointer px-3 py-2 text-ink-muted text-sm hover:text-ink">
            {top.length > 0 ? "More features" : "Features"}
            {hydrated && ticked.size > 0 && <span className="ml-2 text-ink-faint text-xs">{ticked.size} chosen</span>}
          </summary>
          <div className="border-line border-t">{more}</div>
        </details>
      )}
    </div>
  );
}

type RowProps = Pick<Props, "typed" | "errors"> & { choice: Choice; checked: boolean; hidden: boolean; onTick: (on: boolean) => void };

function Row({ choice, checked, hidden, onTick, typed, errors }: RowProps) {
  const { key, name, kind, message, gives } = choice;
  const field = `values.${nameOfKey(key)}`;
  return (
    <div hidden={hidden} className="group/choice">
      <Checkbox
        name="feature"
        value={key}
        defaultChecked={checked}
        onChange={(event) => onTick(event.target.checked)}
        label={
          <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
            <span className="min-w-0 wrap-anywhere">{name}</span>
            {name !== key && <span className="min-w-0 truncate font-mono text-ink-faint text-xs">{key}</span>}
          </span>
        }
        hint={gives === null ? `Now: ${message}` : `Now ${gives}: ${message}`}
      />
      {kind.type !== "boolean" && (
        <div className="hidden pb-1 pl-6.5 group-has-[input[type=checkbox]:checked]/choice:block">
          <Field label={valueLabel(kind)} name={field} errors={errors?.(field)} className="max-w-xs">
            <ValueInput kind={kind} name={field} defaultValue={typed?.[nameOfKey(key)]} />
          </Field>
        </div>
      )}
    </div>
  );
}
