import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { tenantViewQuery } from "~/forms/tenants/tenant-list-params";
import { savedViewForm } from "~/forms/tenants/tenant-look";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { removeView, saveView } from "~/server/tenants/saved-views.server";

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "views.change");
  const submission = await readForm(request, savedViewForm);
  const back = new URLSearchParams(String(submission.payload.returnQuery ?? ""));
  const refuse = (message: string) => redirectWithToast(paths.tenants(Object.fromEntries(back)), { kind: "error", message });
  if (submission.status !== "success") return refuse(Object.values(submission.error ?? {}).flat()[0] ?? "The form is incomplete.");
  const form = submission.value;
  if (form.intent === "save") {
    const why = await saveView(context, actorOf(me), form.name, back);
    if (why !== null) return refuse(why);
    // Not to the view's name, whose redirect would take the toast.
    return redirectWithToast(`${paths.tenants()}?${tenantViewQuery(back)}`, { message: `Saved the view ${form.name}.` });
  }
  const name = await removeView(context, actorOf(me), form.id);
  const message = name === null ? "The view is deleted already." : `Deleted the view ${name}.`;
  return redirectWithToast(paths.tenants(), { message });
}

export const loader = () => redirect(paths.tenants());
