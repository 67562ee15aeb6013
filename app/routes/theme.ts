import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { paths, safePath } from "~/paths";
import { readFields } from "~/server/http/form-body.server";
import { themeCookie, themeFrom } from "~/ui/shell/theme";

export async function action({ request }: ActionFunctionArgs) {
  const form = await readFields(request);
  return redirect(safePath(form.get("returnTo")), { headers: { "Set-Cookie": themeCookie(themeFrom(form.get("theme"))) } });
}

export const loader = () => redirect(paths.home());
