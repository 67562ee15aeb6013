import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { paths } from "~/paths";
import { endSessionCookie } from "~/server/admins/session-cookie.server";
import { endSession } from "~/server/admins/sessions.server";

export async function action({ request, context }: ActionFunctionArgs) {
  await endSession(context, request);
  return redirect(paths.signIn(), { headers: { "Set-Cookie": endSessionCookie(context.env) } });
}

export const loader = () => redirect(paths.home());
