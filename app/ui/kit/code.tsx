import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";
import { cx } from "./cx";
import { useHydrated } from "./use-hydrated";

/** Keeps its space without JavaScript, so that nothing moves when it appears; the text can be selected anyway. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const hydrated = useHydrated();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (await copyText(text)) {
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    }
  };
  return (
    <Button type="button" size="sm" onClick={copy} className={cx(!hydrated && "invisible")}>
      {copied ? <Check className="text-yes" aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </Button>
  );
}

/** The clipboard API is missing on plain HTTP outside of localhost. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "fixed top-0 opacity-0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Text to copy: a curl command, a link, a key. Never recorded. `wrap` breaks long lines instead of scrolling. */
export function CodeBlock({ text, label, wrap, className }: { text: string; label: string; wrap?: boolean; className?: string }) {
  return (
    <div className={cx("ph-no-capture min-w-0 overflow-hidden rounded-control border border-line bg-sunken", className)}>
      <div className="flex min-h-9 items-center justify-between gap-2 border-line border-b py-1 pr-1 pl-3">
        <span className="truncate text-ink-muted text-xs">{label}</span>
        <CopyButton text={text} />
      </div>
      <section aria-label={label}>
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          className={cx("overflow-x-auto px-3 py-2.5 font-mono text-ink text-xs leading-5", wrap && "whitespace-pre-wrap wrap-anywhere")}
        >
          {text}
        </pre>
      </section>
    </div>
  );
}

/** A key or value in a sentence. */
export function Code({ children, className }: { children: string; className?: string }) {
  return <code className={cx("rounded bg-sunken px-1 py-px font-mono text-[0.8125em] text-ink wrap-anywhere", className)}>{children}</code>;
}
