import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { redirect } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { mayAct } from "~/core/permissions";
import { type WelcomeChoice, welcomeForm } from "~/forms/admins/welcome";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { begin, readBeginning } from "~/server/demo/welcome.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { Button, LinkButton } from "~/ui/kit/button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { AuthShell } from "~/ui/shell/auth-shell";

export const meta: MetaFunction = () => [{ title: "Welcome · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const has = await readBeginning(context);
  if (has.catalogue) throw redirect(paths.tenants());
  return { canChange: mayAct(admin.role, "data.import"), tenants: has.tenants };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.import");
  const submission = await readForm(request, welcomeForm);
  if (submission.status !== "success") throw new Response("Choose how to begin with one of the buttons.", { status: 400 });
  const { choice } = submission.value;
  const done = await begin(context, choice, actorOf(admin));
  // Another request was faster and this page no longer applies; the next page says so.
  if (!done.ok) return redirectWithToast(paths.home(), { kind: "error", message: done.message });
  return redirectWithToast(choice === "demo" ? paths.tenants() : paths.plans(), done);
}

const choices: { choice: WelcomeChoice; title: string; what: string; button: string }[] = [
  {
    choice: "demo",
    title: "Demo data",
    what: "500 made-up tenants on the GitLab catalogue, with trials, overrides and a month of checks.",
    button: "Fill with demo data",
  },
  {
    choice: "gitlab",
    title: "The GitLab catalogue",
    what: "247 features in four plans and three add-ons of a real product. No tenants.",
    button: "Use this catalogue",
  },
  {
    choice: "example",
    title: "A small example",
    what: "About ten features of all three types, three plans and two add-ons. No tenants.",
    button: "Use the example",
  },
];

export default function Welcome() {
  const { canChange, tenants } = useLoaderData<typeof loader>();
  const navigation = useNavigation();
  const chosen = navigation.formMethod === "POST" ? navigation.formData?.get("choice") : null;
  return (
    <AuthShell
      wide
      title="How do you want to begin?"
      description="Latchkey needs a catalogue: the features that your app asks about, and the plans that give them."
    >
      <PermissionNotice canChange={canChange} act="data.import" />
      <ul className="divide-y divide-line border-line border-t">
        {canChange &&
          choices
            .filter(({ choice }) => choice !== "demo" || !tenants)
            .map(({ choice, title, what, button }) => (
              <li key={choice}>
                <Form method="post">
                  <Choice title={title} what={what}>
                    <Button name="choice" value={choice} busy={chosen === choice} disabled={chosen !== null}>
                      {button}
                    </Button>
                  </Choice>
                </Form>
              </li>
            ))}
        {canChange && (
          <li>
            <Choice title="A file of yours" what="YAML or JSON. You see what it does before anything is written.">
              <LinkButton to={paths.importCatalogue()}>Choose a file</LinkButton>
            </Choice>
          </li>
        )}
        <li>
          <Choice title="Empty" what="Write features and plans yourself, one by one.">
            <LinkButton to={paths.plans()}>Start empty</LinkButton>
          </Choice>
        </li>
      </ul>
    </AuthShell>
  );
}

function Choice({ title, what, children }: { title: string; what: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3.5">
      <div className="min-w-0 sm:max-w-sm">
        <h2 className="font-medium text-ink text-sm">{title}</h2>
        <p className="text-ink-muted text-sm">{what}</p>
      </div>
      {children}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
