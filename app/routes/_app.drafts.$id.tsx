import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { isJobOver } from "~/core/jobs/job";
import { mayAct } from "~/core/permissions";
import { zonedDateTime } from "~/core/zoned-time";
import { draftForm, readDraftPage } from "~/forms/catalogue/draft";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readDraftView, startDraftImpact } from "~/server/catalogue/draft-page.server";
import { publishDraft } from "~/server/catalogue/draft-publication.server";
import { cancelPublication, scheduleDraft } from "~/server/catalogue/draft-schedule.server";
import { discardDraft, findDraft, renameDraft, resolveDraftCell } from "~/server/catalogue/drafts.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { settleSoon } from "~/server/jobs/job-page.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { DraftCells } from "~/ui/catalogue/draft-cells";
import { DraftImpact } from "~/ui/catalogue/draft-impact";
import { DiscardForm, DraftNameForm, PublishForm } from "~/ui/catalogue/publish-form";
import { PublishLaterForm } from "~/ui/catalogue/publish-later-form";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.draft.name ?? "Draft"} · Plans · Latchkey` }];

const noDraft = () => new Response("There is no such draft. Begin one in the grid of plans.", { status: 404 });

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const view = await readDraftView(context, params.id ?? "", readDraftPage(new URL(request.url).searchParams), request.signal);
  if (!view) throw noDraft();
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  return { ...view, isOwn: view.draft.owner === admin.id, canChange: mayAct(admin.role, "catalogue.change"), zone };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const id = params.id ?? "";
  const draft = await findDraft(context, id);
  if (!draft) throw noDraft();
  const submission = await readForm(request, draftForm);
  if (submission.status !== "success") {
    const [message = "Send the form again."] = Object.values(submission.error ?? {}).flatMap((errors) => errors ?? []);
    return data({ message }, { status: 422 });
  }
  const form = submission.value;
  const actor = newAct(context, admin);
  switch (form.intent) {
    case "review": {
      const created = draft.state === "open" && draft.cells.length > 0 ? await startDraftImpact(context, actor, draft) : null;
      if (created?.ok) await settleSoon(context, created.job.id);
      return redirect(paths.draft(id, { impact: created?.ok ? created.job.id : null }));
    }
    case "publish": {
      const done = await publishDraft(context, actor, id, { version: form.version, note: form.note ?? null });
      if (!done.ok) return data({ message: done.message }, { status: 409 });
      return redirectWithToast(paths.plans(), {
        kind: done.changed ? "success" : "info",
        message: done.changed ? `${draft.name} is published.` : `${draft.name} is published. The plans were already so.`,
        undo: await undoOffer(context, actor),
      });
    }
    case "schedule": {
      const done = await scheduleDraft(context, actor, id, { version: form.version, at: form.at, note: form.note ?? null });
      if (!done.ok) return data({ message: done.message }, { status: 409 });
      const at = zonedDateTime(form.at, readTimeZone(request.headers.get("Cookie")) ?? "UTC");
      return redirectWithToast(paths.draft(id), { message: `${draft.name} is published at ${at}.` });
    }
    case "cancel": {
      const done = await cancelPublication(context, actor, id);
      if (!done.ok) return data({ message: done.message }, { status: 409 });
      return redirectWithToast(paths.draft(id), { message: "Cancelled. The draft can be edited again." });
    }
    default: {
      const saved =
        form.intent === "rename"
          ? await renameDraft(context, actor, id, form.name)
          : form.intent === "discard"
            ? await discardDraft(context, actor, id, form)
            : await resolveDraftCell(context, actor, id, form, form.intent);
      if (!saved.ok) return data({ message: saved.message }, { status: 409 });
      if (form.intent === "discard") return redirectWithToast(paths.plans(), { message: `${draft.name} is discarded.` });
      return redirect(paths.draft(id));
    }
  }
}

const stateWords = { open: "Draft", scheduled: "Scheduled", published: "Published", discarded: "Discarded" } as const;

export default function ReviewDraft() {
  const { draft, cells, changes, problems, page, pageSize, impact, effects, isOwn, canChange, zone, now } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>();
  const busy = useNavigation().formMethod === "POST";
  const isOpen = draft.state === "open";
  const isScheduled = draft.state === "scheduled";
  return (
    <>
      <PageHeader
        title={draft.name}
        breadcrumbs={[{ label: "Plans", to: paths.plans() }]}
        badges={<Badge tone={isOpen || isScheduled ? "accent" : "neutral"}>{stateWords[draft.state]}</Badge>}
        description={
          isOpen ? (
            <>
              {isOwn ? "Your draft" : `A draft of ${draft.ownerName}`}, edited <Time at={draft.updatedAt} now={now} />. Nothing is changed
              until it is published.
            </>
          ) : isScheduled ? (
            <>
              {isOwn ? "Your draft" : `A draft of ${draft.ownerName}`}, published <Time at={draft.publishAt ?? now} now={now} show="both" />
              , as {draft.publisher?.name} scheduled it.
            </>
          ) : (
            <>
              {draft.closedBy} {draft.state} it <Time at={draft.closedAt ?? draft.updatedAt} now={now} />.
            </>
          )
        }
        actions={<LinkButton to={paths.plans()}>{isOpen && isOwn ? "Edit in the grid" : "All plans"}</LinkButton>}
      />
      <div className="grid max-w-4xl gap-6">
        <PermissionNotice canChange={canChange} act="catalogue.change" />
        <FormErrors errors={refused?.message ? [refused.message] : undefined} />
        {draft.problem !== null && (
          <Notice kind="warning" title="It could not be published at its time">
            {draft.problem}
          </Notice>
        )}
        {problems > 0 && (
          <Notice kind="warning" title={`${problems === 1 ? "One change" : `${problems} changes`} cannot be published`}>
            {isScheduled
              ? "Nothing is published unless they are decided. Cancel the publication first."
              : isOwn
                ? "Decide below, cell by cell."
                : `Only ${draft.ownerName} can decide, cell by cell.${canChange ? " You can discard the draft." : ""}`}
          </Notice>
        )}
        <DraftCells
          id={draft.id}
          cells={cells}
          changes={changes}
          page={page}
          pageSize={pageSize}
          isEditable={isOpen && isOwn && canChange}
          isOpen={isOpen}
          busy={busy}
        />
        {isOpen && changes > 0 && (
          <DraftImpact
            id={draft.id}
            impact={impact}
            effects={effects}
            problems={problems}
            canChange={canChange}
            busy={busy}
            isOver={impact === null || isJobOver(impact.job)}
          />
        )}
        {isOpen && canChange && <PublishForm draft={draft} changes={changes} problems={problems} isOwn={isOwn} busy={busy} />}
        {(isOpen || isScheduled) && canChange && changes > 0 && (
          <PublishLaterForm draft={draft} zone={zone} isDisabled={problems > 0} busy={busy} />
        )}
        {isOpen && isOwn && canChange && <DraftNameForm name={draft.name} busy={busy} />}
        {isOpen && !isOwn && canChange && <DiscardForm draft={draft} busy={busy} />}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
