import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { Bell } from "lucide-react";
import { noticeKindNames, noticeKinds } from "~/core/notices/notice-rules";
import { mayAct } from "~/core/permissions";
import { noticeListQuery, noticeReadForm } from "~/forms/notices/notice-list";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { readAllUpTo, readNotices, readOne } from "~/server/notices/notices.server";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { FilterBar, FilterSelect } from "~/ui/kit/filters";
import { PageHeader } from "~/ui/kit/page-header";
import { NoticeList } from "~/ui/notices/notice-list";

export const meta: MetaFunction = () => [{ title: "Notices · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const query = noticeListQuery.parse(Object.fromEntries(new URL(request.url).searchParams));
  return { ...(await readNotices(context, me.id, query)), mayChange: mayAct(me.role, "notices.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "account.change");
  const submission = await readForm(request, noticeReadForm);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const { intent, seq } = submission.value;
  if (intent === "read") await readOne(context, me.id, seq);
  else await readAllUpTo(context, me.id, seq);
  if (intent === "read-all") throw redirectWithToast(paths.notices(), { message: "All notices are marked as read." });
  throw redirect(paths.notices(noticeListQuery.parse(Object.fromEntries(new URL(request.url).searchParams))));
}

const kinds = noticeKindNames.map((kind) => [kind, noticeKinds[kind].label] as const);

export default function Notices() {
  const { notices, next, newest, unread, kind, isFirst, mayChange } = useLoaderData<typeof loader>();
  const rules = mayChange && <LinkButton to={paths.noticeRules()}>Choose notices</LinkButton>;
  return (
    <>
      <PageHeader
        title="Notices"
        description="What happened in the last 30 days that people should know. Everyone sees the same, and reads it for themselves."
        actions={
          <>
            {unread > 0 && newest !== null && isFirst && !kind && (
              <Form method="post">
                <input type="hidden" name="seq" value={newest} />
                <Button name="intent" value="read-all">
                  Mark all as read
                </Button>
              </Form>
            )}
            {rules}
          </>
        }
      />
      <FilterBar names={["kind", "before"]} className="mb-3">
        <FilterSelect label="All kinds" name="kind" options={kinds} />
      </FilterBar>
      <Card flush className="max-w-4xl">
        {notices.length > 0 ? (
          <NoticeList notices={notices} />
        ) : (
          <EmptyState icon={Bell} title={kind ? "No such notices" : "No notices"} action={!kind && rules}>
            {kind ? "Choose another kind." : "Trials, limits and failures that people should know of appear here."}
          </EmptyState>
        )}
      </Card>
      {next !== null && (
        <div className="flex max-w-4xl justify-end pt-3">
          <LinkButton to={paths.notices({ kind, before: next })}>Older notices</LinkButton>
        </div>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
