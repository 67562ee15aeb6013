import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { type GrantTrialInput, grantTrialSchema } from "~/forms/grants/grant-page";
import { keyOf, paths, safePath } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { toWaitingRequest } from "~/server/approvals/approval-toast.server";
import { bundleOf, bundlePlans, firstEntries, plannedBundle, plansAfter, trialsIn } from "~/server/grants/bundle-form.server";
import { grantTrials, planAfterOf, readValues } from "~/server/grants/grant-changes.server";
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
  const canKeepPresets = tenant.may("presets.change");
  const rails = await railFacts(context, key, tenant.admin.role);
  const first = firstEntries(searchParams);
  const canSchedule = tenant.may("tenants.change");
  return {
    ...panel,
    ...{ presets, first, canKeepPresets, rails },
    plans: bundlePlans(tenant),
    plansAfter: canSchedule ? plansAfter(tenant) : null,
    canSchedule,
    bundle: bundleOf(context, tenant, first, rails),
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
  const { key } = tenant.facts;
  const submission = await readForm(request, grantTrialSchema);
  // What was chosen by a search is not in the list without it.
  const chosen = [submission.payload.feature ?? []].flat().filter((key) => typeof key === "string");
  const withChosen = async () => ({
    panel: {
      ...(await trialPanel(context, tenant, "", chosen.slice(0, 100))),
      bundle: bundleOf(context, tenant, submission.payload, await railFacts(context, key, tenant.admin.role)),
    },
  });
  if (submission.status !== "success") return invalid(submission, undefined, await withChosen());
  const form = submission.value;
  const plan = form.what === "plan" ? (form.plan as string) : null;
  const planAfter = planAfterOf(form);
  // A change of the plan needs more, and is checked again where it is written.
  if (planAfter !== undefined) await requireAdmin(request, context, "tenants.change");
  const values = readValues(tenant, plan === null ? form.feature : [], form.values);
  if (!values.ok) return invalid(submission, values.errors, await withChosen());
  if (form.intent === "ask") {
    const planned = plan === null ? null : plannedBundle(context, tenant, { ...form, plan, planAfter });
    if (planned && !planned.ok) return refused(submission, planned, fieldsOf(form), await withChosen());
    const features = planned ? trialsIn(planned.change) : values.features;
    const act = askedTrial(form, features, { bundle: plan, planAfter });
    const asked = await askForTrial(context, actorOf(tenant.admin), { tenant: key, act, note: form.note || null });
    if (!asked.ok) return refused(submission, asked, fieldsOf(form), await withChosen());
    return redirectWithToast(paths.requests(), { message: "Your request waits for an admin." });
  }
  const actor = newAct(context, tenant.admin);
  const result = await grantTrials(context, actor, key, form, values.features);
  if (!result.ok && result.request) return toWaitingRequest(result);
  if (!result.ok) return refused(submission, result, fieldsOf(form), await withChosen());
  const to = paths.tenantGrants(key, { done: result.ids.slice(0, maxDone).join(",") });
  const message = grantedSentence(tenant, result);
  return redirectWithToast(safePath(form.returnTo, to), { message, undo: await undoOffer(context, actor) });
}

/** Grants whose results the next page shows. */
const maxDone = 100;

/** The field beside which a refusal is shown. */
const fieldsOf = ({ what, length }: GrantTrialInput) => ({
  ...{ feature: what === "plan" ? "plan" : "feature", plan: "plan", reason: "note", "whenItEnds.plan": "planAfter" },
  endsAt: length === "own" ? "endsAt" : "length",
});

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
          key={`${data.wanted} ${Object.values(data.first)}`}
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
