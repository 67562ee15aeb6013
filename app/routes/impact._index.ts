import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { impactForm } from "~/forms/catalogue/impact";
import { paths, safePath } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { startImpact } from "~/server/catalogue/impact-page.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { settleSoon } from "~/server/jobs/job-page.server";

/** There is no list: an impact is looked at from the change it is about. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return redirect(paths.plans());
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "catalogue.change");
  const submission = await readForm(request, impactForm);
  const back = safePath(submission.payload.back, paths.plans());
  const refuse = (message: string) => redirectWithToast(back, { kind: "error", message });
  if (submission.status !== "success") return refuse("Open the page of the change again: this form is not whole.");
  const created = await startImpact(context, actorOf(admin), submission.value.edit);
  if (!created.ok) return refuse(created.message);
  await settleSoon(context, created.job.id);
  return redirect(paths.impact(created.job.id, { back }));
}
