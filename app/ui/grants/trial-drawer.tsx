import type { SubmissionResult } from "@conform-to/react";
import { useFetcher, useLocation } from "@remix-run/react";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { createContext, type MouseEvent, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { paths } from "~/paths";
import { Button, buttonLook } from "~/ui/kit/button";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { TrialPanel, type TrialPanelData } from "./trial-panel";

type Open = (feature: string | undefined, from: HTMLElement) => void;
const OpenContext = createContext<Open | null>(null);

/** Props of a link to the page `trial`: inside <TrialDrawer> a click opens the drawer instead. */
export function useTrialLink(feature?: string) {
  const open = useContext(OpenContext);
  if (!open) return {};
  const onClick = (event: MouseEvent<HTMLElement>) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(feature, event.currentTarget);
  };
  return { onClick };
}

/** The pages of a tenant, with a drawer for granting trials over them. */
export function TrialDrawer({ tenant, children }: { tenant: string; children: ReactNode }) {
  const [opened, setOpened] = useState<{ feature: string | undefined } | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const { key } = useLocation();
  // After granting, the action redirects to this page, which is another entry of the history.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new location closes the drawer
  useEffect(() => setOpened(null), [key]);
  const open: Open = (feature, from) => {
    opener.current = from;
    setOpened({ feature });
  };
  return (
    <OpenContext.Provider value={open}>
      {children}
      <Dialog.Root open={opened !== null} onOpenChange={(isOpen) => isOpen || setOpened(null)}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(20_18_12/0.45)]" />
          <Dialog.Content
            aria-describedby={undefined}
            // The search box is focused once it is there.
            onOpenAutoFocus={(event) => event.preventDefault()}
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              opener.current?.focus();
            }}
            className="fixed inset-y-0 right-0 z-50 w-full max-w-xl overflow-y-auto border-line border-l bg-canvas p-4 text-ink shadow-float outline-none sm:p-6"
          >
            {opened && <Content tenant={tenant} feature={opened.feature} />}
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </OpenContext.Provider>
  );
}

function Content({ tenant, feature }: { tenant: string; feature: string | undefined }) {
  const { load, data } = useFetcher<TrialPanelData>();
  const sent = useFetcher<{ result?: SubmissionResult }>();
  const { pathname, search } = useLocation();
  const page = paths.trialNew(tenant, feature);
  useEffect(() => load(page), [load, page]);
  const isHere = data !== undefined;
  useEffect(() => {
    if (isHere) document.querySelector<HTMLElement>("[role=dialog] [data-autofocus]")?.focus();
  }, [isHere]);
  return (
    <>
      <div className="mb-4 flex items-start justify-between gap-3">
        <Dialog.Title className="min-w-0 font-semibold text-ink text-lg tracking-tight wrap-anywhere">
          {data ? `Grant trial to ${data.name}` : "Grant trial"}
        </Dialog.Title>
        <Dialog.Close aria-label="Close" className={buttonLook({ variant: "ghost", size: "icon" })}>
          <X aria-hidden="true" />
        </Dialog.Close>
      </div>
      {data ? (
        <>
          <PermissionNotice canChange={data.canChange} act="trials.grant" />
          <TrialPanel
            id="trial-drawer"
            data={data}
            lastResult={sent.data?.result}
            form={sent.Form}
            busy={sent.state !== "idle"}
            returnTo={pathname + search}
            cancel={
              <Dialog.Close asChild>
                <Button type="button" variant="ghost">
                  Cancel
                </Button>
              </Dialog.Close>
            }
          />
        </>
      ) : (
        <p role="status" className="py-10 text-center text-ink-muted text-sm">
          Loading…
        </p>
      )}
    </>
  );
}
