import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { paths, safePath } from "~/paths";
import { themeCookie, themeFrom } from "~/ui/theme";

export async function action({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  return redirect(safePath(form.get("returnTo")), { headers: { "Set-Cookie": themeCookie(themeFrom(form.get("theme"))) } });
}

export const loader = () => redirect(paths.home());
