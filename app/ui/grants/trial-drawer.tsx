import type { SubmissionResult } from "@conform-to/react";
import { useFetcher, useLocation } from "@remix-run/react";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect } from "react";
import { Button, buttonLook } from "~/ui/kit/button";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { TrialPanel, type TrialPanelData } from "./trial-panel";

type DrawerProps = {
  /** Address of the form with its query. */
  page: string;
  /** Gets the focus when the drawer closes. */
  opener: HTMLElement;
  onClose: () => void;
};

/** The form for granting a trial as a drawer over a page. */
export function TrialDrawer({ page, opener, onClose }: DrawerProps) {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(20_18_12/0.45)]" />
        <Dialog.Content
          aria-describedby={undefined}
          // The search box is focused once it is there.
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.focus();
          }}
          className="fixed inset-y-0 right-0 z-50 w-full max-w-xl overflow-y-auto border-line border-l bg-canvas p-4 text-ink shadow-float outline-none sm:p-6"
        >
          <Content page={page} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ page }: { page: string }) {
  const { load, data } = useFetcher<TrialPanelData>();
  const sent = useFetcher<{ result?: SubmissionResult }>();
  const { pathname, search } = useLocation();
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
            key={`${data.wanted} ${Object.values(data.first)}`}
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
