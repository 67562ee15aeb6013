import { Form, useLocation } from "@remix-run/react";
import { Monitor, Moon, Sun } from "lucide-react";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import type { Theme } from "./theme";

const choices = [
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
  { theme: "system", label: "System", icon: Monitor },
] as const;

/** Three buttons of one form, so no JavaScript is needed. */
export function ThemeToggle({ theme, className }: { theme: Theme; className?: string }) {
  const { pathname, search } = useLocation();
  return (
    <Form
      method="post"
      action={paths.theme()}
      preventScrollReset
      aria-label="Theme"
      className={cx("inline-flex rounded-control bg-sunken p-0.5", className)}
    >
      <input type="hidden" name="returnTo" value={pathname + search} />
      {choices.map((choice) => (
        <button
          key={choice.theme}
          type="submit"
          name="theme"
          value={choice.theme}
          aria-pressed={choice.theme === theme}
          aria-label={`${choice.label} theme`}
          title={`${choice.label} theme`}
          className="grid size-6 place-items-center rounded text-ink-faint hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-card max-sm:size-8"
        >
          <choice.icon className="size-3.5" aria-hidden="true" />
        </button>
      ))}
    </Form>
  );
}
