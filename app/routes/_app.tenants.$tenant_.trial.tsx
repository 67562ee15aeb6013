import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { presetLengths } from "~/core/grants/trial-presets";
import { grantTrialSchema } from "~/forms/grants/grant-page";
import { keyOf, paths, safePath } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { grantTrials, readValues } from "~/server/grants/grant-changes.server";
import { grantedSentence, trialPanel } from "~/server/grants/trial-panel.server";
import { offeredPresets } from "~/server/grants/trial-presets.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { railFacts } from "~/server/rails/rail-facts.server";
import { askedTrial, askForTrial } from "~/server/requests/ask.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { newAct, undoOffer } from "~/server/undo/undo-offer.server";
import { TrialPanel } from "~/ui/grants/trial-panel";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, SearchBox } from "~/ui/kit/filters";
import { useAutofocus } from "~/ui/kit/use-autofocus";
import { TenantFormPage } from "~/ui/tenants/tenant-form-page";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Grant trial · ${data?.name ?? "Tenant"} · Latchkey` }];

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "read");
  const { searchParams } = new URL(request.url);
  const wanted = searchParams.getAll("feature").slice(0, 100);
  const returnTo = searchParams.get("returnTo");
  const { key, name, status } = tenant.facts;
  const panel = await trialPanel(context, tenant, searchParams.get("q") ?? "", wanted);
  const back = returnTo === null ? "" : safePath(returnTo, "");
  const presets = await offeredPresets(context);
  const days = presetLengths.find((length) => length === searchParams.get("days")) ?? "14";
  const canKeepPresets = tenant.may("presets.change");
  return {
    ...panel,
    ...{ presets, days, canKeepPresets },
    rails: await railFacts(context, key, tenant.admin.role),
    key,
    name,
    status,
    wanted,
    returnTo: back,
    now: tenant.now,
    zone: tenant.zone,
    canChange: tenant.may("trials.grant"),
  };
}

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.grant");
  const submission = await readForm(request, grantTrialSchema);
  // What was chosen by a search is not in the list without it.
  const chosen = [submission.payload.feature ?? []].flat().filter((key) => typeof key === "string");
  const withChosen = async () => ({ panel: await trialPanel(context, tenant, "", chosen.slice(0, 100)) });
  if (submission.status !== "success") return invalid(submission, undefined, await withChosen());
  const form = submission.value;
  const values = readValues(tenant, form.feature, form.values);
  if (!values.ok) return invalid(submission, values.errors, await withChosen());
  const { key } = tenant.facts;
  if (form.intent === "ask") {
    const asked = await askForTrial(context, actorOf(tenant.admin), {
      tenant: key,
      act: askedTrial(form, values.features),
      note: form.note || null,
    });
    if (!asked.ok) return refused(submission, asked, { feature: "feature" }, await withChosen());
    return redirectWithToast(paths.requests(), { message: "Your request waits for an admin." });
  }
  const actor = newAct(context, tenant.admin);
  const result = await grantTrials(context, actor, key, form, values.features);
  if (!result.ok && result.request) return toWaitingRequest(result);
  if (!result.ok) {
    const fields = { feature: "feature", reason: "note", endsAt: form.length === "own" ? "endsAt" : "length" };
    return refused(submission, result, fields, await withChosen());
  }
  const to = paths.tenantGrants(key, { done: result.ids.join(",") });
  const message = grantedSentence(tenant, result);
  return redirectWithToast(safePath(form.returnTo, to), { message, undo: await undoOffer(context, actor) });
}

export default function GrantTrial() {
  const sent = useActionData<typeof action>();
  const loaded = useLoaderData<typeof loader>();
  const data = { ...loaded, ...sent?.panel };
  const busy = useNavigation().formMethod === "POST";
  const { key, name, canChange, choices, total, returnTo } = data;
  useAutofocus();
  return (
    <TenantFormPage title="Grant trial" tenant={{ key, name, canChange }} act="trials.grant">
      {total > choices.length && (
        <noscript>
          <FilterBar names={["q"]} className="mb-3">
            <SearchBox label="Search all features" />
          </FilterBar>
        </noscript>
      )}
      <Card>
        <TrialPanel
          key={`${data.wanted} ${data.days}`}
          id="trial"
          data={data}
          lastResult={sent?.result}
          form={Form}
          busy={busy}
          returnTo={returnTo}
          cancel={
            <LinkButton to={returnTo || paths.tenant(key)} variant="ghost">
              Cancel
            </LinkButton>
          }
        />
      </Card>
    </TenantFormPage>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
