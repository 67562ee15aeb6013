import { type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readBeginning } from "~/server/demo/welcome.server";

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const has = await readBeginning(context);
  return redirect(has.catalogue || has.tenants ? paths.tenants() : paths.welcome());
}
