import { Command } from "cmdk";
import type { ReactNode } from "react";

/** `value` identifies the line. */
type ItemProps = { value: string; isDisabled?: boolean; onSelect: () => void; children: ReactNode };

export function PaletteItem({ value, isDisabled, onSelect, children }: ItemProps) {
  return (
    <Command.Item
      value={value}
      onSelect={() => {
        if (!isDisabled) onSelect();
      }}
      className="flex min-h-9 cursor-pointer select-none items-center gap-2.5 rounded-control px-2 py-1.5 text-ink aria-selected:bg-accent-soft aria-selected:text-accent max-sm:min-h-11"
    >
      {children}
    </Command.Item>
  );
}

export function PaletteGroup({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="not-first:mt-1 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-faint [&_[cmdk-group-heading]]:text-xs"
    >
      {children}
    </Command.Group>
  );
}
