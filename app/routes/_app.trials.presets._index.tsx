import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { ListChecks, Plus } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { presetDeleted } from "~/forms/grants/trial-preset";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { deletePreset, type ShownPreset, trialPresets } from "~/server/grants/trial-presets.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { ConfirmButton } from "~/ui/kit/confirm-button";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { TrialsHeader } from "~/ui/trials/trial-tabs";

export const meta: MetaFunction = () => [{ title: "Presets · Trials · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  return { presets: await trialPresets(context), canChange: mayAct(admin.role, "presets.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "presets.change");
  const submission = await readForm(request, presetDeleted);
  const name = submission.status === "success" ? submission.value.name : "";
  const isDeleted = await deletePreset(context, actorOf(admin), name);
  return redirectWithToast(paths.trialPresets(), {
    message: isDeleted ? `The preset ${name} is deleted.` : "There was no such preset any more.",
  });
}

export default function Presets() {
  const { presets, canChange } = useLoaderData<typeof loader>();
  return (
    <>
      <TrialsHeader current="presets" />
      {canChange && presets.length > 0 && (
        <div className="mb-3 flex justify-end">
          <NewPreset />
        </div>
      )}
      <Card flush>
        {presets.length === 0 ? (
          <EmptyState icon={ListChecks} title="No presets yet" className="py-10" action={canChange ? <NewPreset /> : undefined}>
            A preset is a choice of features and a length with a name. The form for granting a trial offers all presets, so that a trial of
            several features takes one click.
          </EmptyState>
        ) : (
          <ul className="divide-y divide-line">
            {presets.map((preset) => (
              <PresetRow key={preset.name} preset={preset} canChange={canChange} />
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

function NewPreset() {
  return (
    <LinkButton to={paths.trialPresetNew()} variant="primary">
      <Plus aria-hidden="true" />
      New preset
    </LinkButton>
  );
}

function PresetRow({ preset, canChange }: { preset: ShownPreset; canChange: boolean }) {
  const { name, days, features } = preset;
  const busy = useNavigation().formData?.get("name") === name;
  return (
    <li className="flex items-start justify-between gap-4 px-4 py-3">
      <div className="min-w-0">
        <p className="font-medium">
          {name} <span className="font-normal text-ink-muted">{`${days} days`}</span>
        </p>
        <p className="text-ink-muted">
          {features.map(({ key, name: feature, isGone }, i) => (
            <span key={key}>
              {i > 0 && ", "}
              {isGone ? <s title="Archived, or no longer in the catalogue. It is left out.">{feature}</s> : feature}
            </span>
          ))}
        </p>
      </div>
      {canChange && (
        <Form method="post">
          <input type="hidden" name="name" value={name} />
          <ConfirmButton
            size="sm"
            busy={busy}
            aria-label={`Delete ${name}`}
            title={`Delete the preset ${name}?`}
            description="Trials that were granted with it stay."
            confirmLabel="Delete preset"
          >
            Delete
          </ConfirmButton>
        </Form>
      )}
    </li>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
