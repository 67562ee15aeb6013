import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { inputValueIn } from "~/core/zoned-time";
import { readPlaygroundQuery } from "~/forms/checks/playground-query";
import { readTimeZone } from "~/forms/time-zone";
import { requireAdmin } from "~/server/admins/sessions.server";
import { exampleCheck } from "~/server/keys/example-check.server";
import { readPlayground } from "~/server/playground/playground.server";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { ChosenAnswer } from "~/ui/playground/chosen-answer";
import { PlaygroundAnswers } from "~/ui/playground/playground-answers";
import { PlaygroundForm } from "~/ui/playground/playground-form";
import { PlaygroundNotices } from "~/ui/playground/playground-notices";

export const meta: MetaFunction = () => [{ title: "Playground · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  const { searchParams, origin } = new URL(request.url);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const query = readPlaygroundQuery(searchParams);
  const typedAt = query.at === undefined ? query.typed.at : inputValueIn(query.at, zone);
  const [answered, example] = await Promise.all([readPlayground(context, query, zone), exampleCheck(context)]);
  return { ...answered, query: { ...query, typed: { ...query.typed, at: typedAt } }, example, zone, origin };
}

export default function Playground() {
  const { now, at, isPast, near, tenant, answers, chosen, query, example, zone, origin } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title="Playground"
        description="What a check would answer, and why. Nothing here is counted as a check, usage or demand."
      />
      <PlaygroundForm query={query} zone={zone} />
      <PlaygroundNotices query={query} tenant={tenant} near={near} isPast={isPast} at={at} now={now} example={example.tenant} />
      {answers && tenant && (
        <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_23rem]">
          <div className="min-w-0 lg:col-start-2 lg:row-start-1">
            <ChosenAnswer chosen={chosen} tenant={tenant.key} query={query} origin={origin} isPast={isPast} now={now} />
          </div>
          <PlaygroundAnswers answers={answers} tenant={tenant} chosen={query.feature} />
        </div>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
