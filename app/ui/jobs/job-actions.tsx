import { Form } from "@remix-run/react";
import type { Act } from "~/core/permissions";
import { paths } from "~/paths";
import { Button, LinkButton } from "~/ui/kit/button";
import { count } from "~/ui/kit/pagination";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { FileLinks } from "~/ui/lists/file-links";
import type { ShownJob } from "./job-progress";

const tenants = (n: number) => `${count(n)} ${n === 1 ? "tenant" : "tenants"}`;

function runLabel({ done, kind }: ShownJob): string {
  if (done === 0) return kind === "undo" ? "Nothing to undo" : "Nothing to change";
  if (kind === "undo") return `Undo for ${tenants(done)}`;
  return `${kind === "tenant_csv" ? "Import" : "Change"} ${tenants(done)}`;
}

/** The page where a preview was asked for. */
function startOf({ upload, undoes }: ShownJob): string {
  if (upload !== null) return paths.importTenantsMapping(upload);
  return undoes === null ? paths.bulk() : paths.auditUndo(undoes);
}

/** `undo`: an entry of what it changed, or null if nothing can be undone. */
type Props = { job: ShownJob; right: Act; canChange: boolean; undo: number | null; busy: boolean };

/** What can be done with a job now: run what was previewed, cancel, try again, download. */
export function JobActions({ job, right, canChange, undo, busy }: Props) {
  const { id, kind, upload, isPreview, state, cancelRequested, done, skipped, failed } = job;
  const isLive = state === "queued" || state === "running";
  const left = skipped + failed;
  const isComparison = kind === "drift";
  // A row of a file is mended there.
  const canRepeat = canChange && kind !== "tenant_csv" && kind !== "catalogue_import" && !isPreview && !isLive;
  return (
    <div>
      <PermissionNotice canChange={canChange} act={right} />
      <div className="flex flex-wrap items-center gap-2">
        {canChange && (
          <Form method="post" className="contents">
            {isLive && (
              <Button name="intent" value="cancel" busy={busy} disabled={cancelRequested}>
                Cancel job
              </Button>
            )}
            {isPreview && state === "done" && (
              <Button variant="primary" name="intent" value="run" busy={busy} disabled={done === 0}>
                {runLabel(job)}
              </Button>
            )}
          </Form>
        )}
        {canRepeat && failed > 0 && (
          <AgainForm
            state="failed"
            label={isComparison ? `Resync ${count(failed)} that differ` : `Retry ${count(failed)} failed`}
            busy={busy}
          />
        )}
        {canRepeat && !isComparison && skipped > 0 && <AgainForm state="skipped" label={`Retry ${count(skipped)} skipped`} busy={busy} />}
        {undo !== null && <LinkButton to={paths.auditUndo(undo, paths.job(id))}>Undo</LinkButton>}
        {isPreview && !isLive && (
          <LinkButton to={startOf(job)} variant="ghost">
            {upload === null ? "Start over" : "Change columns"}
          </LinkButton>
        )}
        {failed > 0 && (
          <FileLinks
            to={(format) => paths.jobFile(id, format, { state: "failed" })}
            labels={
              isComparison
                ? { csv: "Download differences", json: "Differences as JSON" }
                : { csv: "Download failures", json: "Failures as JSON" }
            }
          />
        )}
        {left > 0 && <FileLinks to={(format) => paths.jobFile(id, format)} labels={{ csv: "Download results", json: "Results as JSON" }} />}
      </div>
    </div>
  );
}

function AgainForm({ state, label, busy }: { state: "failed" | "skipped"; label: string; busy: boolean }) {
  return (
    <Form method="post" className="contents">
      <input type="hidden" name="state" value={state} />
      <Button name="intent" value="again" busy={busy}>
        {label}
      </Button>
    </Form>
  );
}
