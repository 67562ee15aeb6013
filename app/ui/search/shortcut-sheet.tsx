import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode, RefObject } from "react";
import { buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import type { NavItem } from "~/ui/shell/nav";
import { Overlay, returnFocus } from "./overlay";

type SheetProps = { pages: readonly NavItem[]; returnTo: RefObject<HTMLElement | null>; onClose: () => void };

export function ShortcutSheet({ pages, returnTo, onClose }: SheetProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Overlay onCloseAutoFocus={returnFocus(returnTo)} className="max-w-md p-5">
        <div className="flex items-center justify-between gap-4">
          <Dialog.Title className="font-semibold text-base">Keyboard shortcuts</Dialog.Title>
          <Dialog.Close aria-label="Close" className={cx(buttonLook({ variant: "ghost", size: "icon" }), "-mr-2")}>
            <X aria-hidden="true" />
          </Dialog.Close>
        </div>
        <Dialog.Description className="sr-only">They work anywhere except while you type in a field.</Dialog.Description>
        <dl tabIndex={0} className="mt-3 divide-y divide-line overflow-y-auto">
          <Shortcut keys={["Ctrl", "K"]} or={["/"]}>
            Search and commands
          </Shortcut>
          <Shortcut keys={["?"]}>This list</Shortcut>
          <Shortcut keys={["j"]} or={["k"]}>
            Next or previous tenant in the list
          </Shortcut>
          <Shortcut keys={["Enter"]}>Open it</Shortcut>
          {pages.map(({ label, to, shortcut }) => (
            <Shortcut key={to} keys={["g", shortcut]}>
              Go to {label}
            </Shortcut>
          ))}
        </dl>
      </Overlay>
    </Dialog.Root>
  );
}

function Shortcut({ keys, or, children }: { keys: string[]; or?: string[]; children: ReactNode }) {
  return (
    <div className="flex items-center justify-between gap-4 py-1.5">
      <dt className="text-ink-muted">{children}</dt>
      <dd className="flex shrink-0 items-center gap-1">
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
        {or && <span className="px-1 text-ink-faint text-xs">or</span>}
        {or?.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </dd>
    </div>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="min-w-5 rounded border border-line-strong bg-sunken px-1.5 py-0.5 text-center font-sans text-ink-muted text-xs">
      {children}
    </kbd>
  );
}
