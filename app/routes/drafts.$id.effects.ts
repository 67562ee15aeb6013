import type { LoaderFunctionArgs } from "@remix-run/node";
import { requireAdmin } from "~/server/admins/sessions.server";
import { draftEffects } from "~/server/catalogue/draft-page.server";
import { findDraft } from "~/server/catalogue/drafts.server";

/** What a draft would do to tenants, for the bar below the grid. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const draft = await findDraft(context, params.id ?? "");
  if (!draft) throw new Response("There is no such draft.", { status: 404 });
  const effects = draft.state === "open" ? await draftEffects(context, draft, request.signal) : null;
  return Response.json({ version: draft.version, effects });
}
