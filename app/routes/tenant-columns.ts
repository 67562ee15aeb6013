import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { tenantLookForm } from "~/forms/tenants/tenant-look";
import { paths } from "~/paths";
import { keepTenantLook } from "~/server/admins/preferences.server";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "account.change");
  const submission = await readForm(request, tenantLookForm);
  const back = new URLSearchParams(String(submission.payload.returnQuery ?? ""));
  // What is kept applies without them.
  for (const name of ["cols", "density"]) back.delete(name);
  const to = paths.tenants(Object.fromEntries(back));
  if (submission.status !== "success")
    return redirectWithToast(to, { kind: "error", message: "Nothing was kept. Choose the columns again." });
  const { intent, cols, density } = submission.value;
  await keepTenantLook(context, me, intent === "reset" || cols.length === 0 ? null : { columns: cols, density });
  return redirectWithToast(to, { message: intent === "reset" ? "The list has its default columns again." : "Your columns are kept." });
}

export const loader = () => redirect(paths.tenants());
