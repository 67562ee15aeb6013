import { type ComponentProps, forwardRef } from "react";
import { cx } from "./cx";
import { useField } from "./field";

const frame =
  "block w-full min-w-0 rounded-control border border-line-strong bg-surface px-2.5 text-ink shadow-card transition-colors data-active:border-accent data-active:text-accent hover:border-ink-faint focus-visible:rounded-control focus-visible:border-accent focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-muted aria-invalid:border-no-bold";
/** `data-active` marks a filter that is set. 16 px on a phone: iOS zooms into smaller focused inputs. */
export const inputLook = `${frame} text-base sm:text-sm`;
const lineHeight = "h-10 sm:h-8";

export const TextInput = forwardRef<HTMLInputElement, ComponentProps<"input">>(function TextInput({ className, ...props }, ref) {
  return <input ref={ref} type="text" {...useField(props)} className={cx(inputLook, lineHeight, className)} />;
});

/** `isCode`: for a document, in small letters of one width. */
export const Textarea = forwardRef<HTMLTextAreaElement, ComponentProps<"textarea"> & { isCode?: boolean }>(function Textarea(
  { className, isCode, ...props },
  ref,
) {
  const look = isCode ? `${frame} font-mono text-xs` : inputLook;
  return <textarea ref={ref} rows={3} {...useField(props)} className={cx(look, "py-1.5", className)} />;
});

/** Native: works without JavaScript and with every keyboard. `options` or <option> children. */
export const Select = forwardRef<
  HTMLSelectElement,
  ComponentProps<"select"> & { options?: readonly (readonly [value: string, label: string])[] }
>(function Select({ className, options, children, ...props }, ref) {
  return (
    <span className="relative block min-w-0">
      <select ref={ref} {...useField(props)} className={cx(inputLook, lineHeight, "appearance-none truncate pr-8", className)}>
        {options?.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        {children}
      </select>
      <svg
        viewBox="0 0 16 16"
        className="pointer-events-none absolute top-1/2 right-2.5 size-3.5 -translate-y-1/2 text-ink-faint"
        aria-hidden="true"
      >
        <path d="M4 6.5l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </span>
  );
});

/** A date and time as `YYYY-MM-DDThh:mm`, in the zone that the form's ZoneInput states. */
export const DateTimeInput = forwardRef<HTMLInputElement, ComponentProps<"input">>(function DateTimeInput(
  { className, type: _type, ...props },
  ref,
) {
  return <input ref={ref} {...useField(props)} type="datetime-local" className={cx(inputLook, lineHeight, className)} />;
});

/** The zone in which the loader wrote the form's times. It is sent along, because the browser may learn another one later. */
export const ZoneInput = ({ zone }: { zone: string }) => <input type="hidden" name="zone" value={zone} />;

/** "UTC" or "Los Angeles time" for people. */
export const zoneWords = (zone: string) => (zone === "UTC" ? zone : `${zone.split("/").at(-1)?.replaceAll("_", " ")} time`);
