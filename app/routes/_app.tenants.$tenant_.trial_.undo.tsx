import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { undoTrialsSchema } from "~/forms/grants/grant-page";
import { keyOf, paths, safePath } from "~/paths";
import { actorOf } from "~/server/admins/sessions.server";
import { undo } from "~/server/grants/grant-changes.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { requireTenant } from "~/server/tenants/tenants.server";
import { RouteErrorPage } from "~/ui/kit/error-page";

/** Only a form leads here; a reload after it goes to the grants. */
export const loader = ({ params }: ActionFunctionArgs) => redirect(paths.tenantGrants(keyOf(params.tenant)));

export async function action({ request, context, params }: ActionFunctionArgs) {
  const tenant = await requireTenant(request, context, keyOf(params.tenant), "trials.end");
  const submission = await readForm(request, undoTrialsSchema);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const { key, name } = tenant.facts;
  const { grants, returnTo } = submission.value;
  const result = await undo(context, actorOf(tenant.admin), key, grants);
  const to = safePath(returnTo, paths.tenantGrants(key));
  if (!result.ok) return redirectWithToast(to, { kind: "info", message: result.message });
  const ended = result.change?.grants ?? [];
  const what =
    ended.length === 1 ? (tenant.catalogue.features.get(ended[0]?.feature ?? "")?.name ?? "one feature") : `${ended.length} features`;
  return redirectWithToast(to, { message: `Undone. The trial of ${what} for ${name} has ended.` });
}

export default function UndoTrials() {
  return null;
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
