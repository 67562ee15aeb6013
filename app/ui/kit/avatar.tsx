import { cx } from "./cx";

/** Initials, next to the name. */
export function Avatar({ name, className }: { name: string; className?: string }) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  return (
    <span
      aria-hidden="true"
      className={cx(
        "grid size-7 shrink-0 select-none place-items-center rounded-full bg-accent-soft font-semibold text-[0.6875rem] text-accent uppercase",
        className,
      )}
    >
      {initials}
    </span>
  );
}
