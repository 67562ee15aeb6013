import { count } from "./pagination";

/** Progress as a bar and in numbers. */
export function Progress({ label, done, total, noun }: { label: string; done: number; total: number; noun: string }) {
  return (
    <div>
      <div className="mb-1.5 flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        <span className="font-medium text-ink">{label}</span>
        <span className="text-ink-muted text-xs">
          {count(done)} of {count(total)} {noun}
        </span>
      </div>
      <progress
        aria-label={label}
        value={done}
        max={Math.max(1, total)}
        className="block h-2 w-full appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]"
      />
    </div>
  );
}
