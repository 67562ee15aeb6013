import { Form, Link, useLocation, useNavigation, useSearchParams, useSubmit } from "@remix-run/react";
import { Search, X } from "lucide-react";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { buttonLook } from "./button";
import { cx } from "./cx";
import { inputLook, Select } from "./inputs";

/** Delay after the last key before a search is sent, in ms. */
const pause = 250;
const SubmitContext = createContext<(wait: number, more?: [string, string][]) => void>(() => {});

type FilterBarProps = {
  /** Query parameters of the inputs inside. The URL keeps all others except `page`. */
  names: readonly string[];
  children: ReactNode;
  className?: string;
};

/** A GET form that submits itself; without JavaScript it has a button. */
export function FilterBar({ names, children, className }: FilterBarProps) {
  const [params] = useSearchParams();
  const { pathname } = useLocation();
  const submit = useSubmit();
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (wait: number, more: [string, string][] = []) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!form.current) return;
      const filled = [...new FormData(form.current)].filter(([, value]) => value !== "") as [string, string][];
      submit(new URLSearchParams([...filled, ...more]), { action: pathname, replace: true, preventScrollReset: true });
    }, wait);
  };
  const kept = [...params].filter(([name]) => name !== "page" && !names.includes(name));
  const clearedQuery = new URLSearchParams(kept).toString();
  const isSet = names.some((name) => params.get(name));
  return (
    <SubmitContext.Provider value={send}>
      <Form
        ref={form}
        method="get"
        action={pathname}
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          send(0);
        }}
        className={cx("flex flex-wrap items-center gap-2", className)}
      >
        {kept.map(([name, value]) => (
          <input key={`${name}=${value}`} type="hidden" name={name} value={value} />
        ))}
        {children}
        <noscript>
          <button type="submit" className={buttonLook({})}>
            Apply
          </button>
        </noscript>
        {isSet && (
          <Link to={`?${clearedQuery}`} className={cx(buttonLook({ variant: "ghost" }), "max-sm:px-2!")}>
            <X aria-hidden="true" />
            Clear
          </Link>
        )}
      </Form>
    </SubmitContext.Provider>
  );
}

type SearchBoxProps = {
  label: string;
  /** Defaults to `q`. */
  name?: string;
  /** Enter adds `open=only`, with which the loader opens a single match. */
  opensOnly?: boolean;
  className?: string;
};

export function SearchBox({ label, name = "q", opensOnly, className }: SearchBoxProps) {
  const send = useContext(SubmitContext);
  const [params] = useSearchParams();
  const value = params.get(name) ?? "";
  const input = useRef<HTMLInputElement>(null);
  const busy = useNavigation().location?.search.includes(`${name}=`) ?? false;
  // Back, forward and "Clear" change the URL while the input is mounted; typing must not be overwritten.
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  return (
    <label className={cx("relative min-w-0 max-sm:w-full", className ?? "sm:w-72")}>
      <span className="sr-only">{label}</span>
      <Search
        className={cx("pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-faint", busy && "animate-pulse")}
        aria-hidden="true"
      />
      <input
        ref={input}
        type="search"
        name={name}
        defaultValue={value}
        placeholder={label}
        autoComplete="off"
        maxLength={200}
        onChange={() => send(pause)}
        onKeyDown={(event) => {
          if (!opensOnly || event.key !== "Enter") return;
          event.preventDefault();
          send(0, [["open", "only"]]);
        }}
        className={cx(inputLook, "h-10 pl-8 sm:h-8")}
      />
      {/* What Enter presses before the page is hydrated, and without JavaScript. */}
      {opensOnly && <button type="submit" name="open" value="only" hidden />}
    </label>
  );
}

/** Delay after a part of a date was typed, in ms: "2026" is complete from its first digit on. */
const datePause = 900;

/** A day, "2026-12-13". The loader reads it in the reader's zone. */
export function FilterDate({ name, label }: { name: string; label: string }) {
  const send = useContext(SubmitContext);
  const [params] = useSearchParams();
  const value = params.get(name) ?? "";
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  return (
    <label className="flex min-w-0 items-center gap-1.5 text-ink-muted text-sm max-sm:w-full">
      <span className="max-sm:w-12">{label}</span>
      <input
        ref={input}
        type="date"
        name={name}
        defaultValue={value}
        min="1970-01-01"
        max="9999-12-31"
        onChange={() => send(datePause)}
        className={cx(inputLook, "h-10 sm:h-8 sm:w-36")}
        data-active={value !== "" || undefined}
      />
    </label>
  );
}

type FilterSelectProps = { name: string; label: string; options: readonly (readonly [value: string, label: string])[] };

/** The first option is the label: no filter. */
export function FilterSelect({ name, label, options }: FilterSelectProps) {
  const send = useContext(SubmitContext);
  const [params] = useSearchParams();
  const value = params.get(name) ?? "";
  return (
    // Two in a row on phones. Shares of the row would change, and move each other, while the page arrives.
    <span className="min-w-0 max-w-52 max-sm:w-[calc(50%-0.25rem)]">
      <Select
        key={value}
        name={name}
        aria-label={label}
        defaultValue={value}
        onChange={() => send(0)}
        options={[["", label], ...options]}
        data-active={value !== "" || undefined}
      />
    </span>
  );
}

type FilterTextProps = { name: string; label: string; suggestions?: readonly string[] };

/** An exact value, sent with Enter: half a key matches nothing. */
export function FilterText({ name, label, suggestions }: FilterTextProps) {
  const send = useContext(SubmitContext);
  const [params] = useSearchParams();
  const value = params.get(name) ?? "";
  const list = suggestions && `${name}-list`;
  return (
    <span className="min-w-0 max-sm:w-full sm:w-40">
      <input
        key={value}
        name={name}
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        maxLength={200}
        autoComplete="off"
        list={list}
        // A form with several text fields and no button is not sent by Enter alone.
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          send(0);
        }}
        className={cx(inputLook, "h-10 sm:h-8")}
        data-active={value !== "" || undefined}
      />
      {list && (
        <datalist id={list}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </span>
  );
}

type FilterChoiceProps = Omit<FilterSelectProps, "options"> & {
  /** Label of the text field if there are too many options for a list. */
  typed: string;
  /** Null: too many. */
  choices: readonly { key: string; name: string }[] | null;
  more?: FilterSelectProps["options"];
};

/** A list, or a text field for a key if there are more options than a page should hold. Nothing if there are none. */
export function FilterChoice({ choices, more = [], typed, ...rest }: FilterChoiceProps) {
  if (choices === null) return <FilterText name={rest.name} label={typed} />;
  const options = [...choices.map(({ key, name }) => [key, name] as const), ...more];
  return options.length === 0 ? null : <FilterSelect {...rest} options={options} />;
}
