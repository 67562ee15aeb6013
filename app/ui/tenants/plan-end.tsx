import { Form } from "@remix-run/react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Plan } from "~/core/model";
import { paths } from "~/paths";
import { EffectsOnTenants } from "~/ui/catalogue/effects-on-tenants";
import { ActionDescription } from "~/ui/kit/action-description";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { SubmitRow } from "~/ui/kit/submit-row";
import { ScheduledForPlans, type TenantsScheduled } from "~/ui/schedules/scheduled-for-plans";

type Props = {
  plan: Pick<Plan, "key" | "name" | "kind" | "archivedAt">;
  tenants: number;
  /** Tenants that a scheduled change gives it. */
  scheduled: TenantsScheduled;
  includedBy: readonly { key: string; name: string }[];
  /** The confirmation requested by the URL. */
  asks: string | null;
  refused: string[] | undefined;
  /** If the URL asks for it: the effects of archiving or restoring. */
  effects: ChangeEffects | null;
};

/** Archive, restore and delete, each explained. Deleting asks on its own page, which works without JavaScript. */
export function PlanEnd({ plan, tenants, scheduled, includedBy, asks, refused, effects }: Props) {
  const { key, name } = plan;
  const have = `${count(tenants)} ${tenants === 1 ? "tenant has" : "tenants have"} it`;
  const includes = includedBy.map((p) => p.name).join(", ");
  return (
    <Card>
      <FormErrors errors={refused} />
      <ScheduledForPlans scheduled={scheduled} className="mb-4" title="scheduled to get it">
        {plan.archivedAt === null
          ? "While it is archived, these changes will have no effect"
          : "Unless it is restored, these changes have no effect"}
      </ScheduledForPlans>
      <ArchivePlan plan={plan} have={have} includes={includes} effects={effects} />
      <hr className="my-4 border-line" />
      {tenants > 0 || includes !== "" || scheduled.count > 0 ? (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <ActionDescription title="Delete">
            Not while it is in use.{" "}
            {tenants > 0
              ? `${have}: move them first.`
              : includes !== ""
                ? `${includes} includes it: change that first.`
                : "Scheduled changes give it: cancel them first."}
          </ActionDescription>
          {tenants > 0 && <LinkButton to={paths.tenants({ plan: key })}>Show the tenants</LinkButton>}
        </div>
      ) : asks === "delete" ? (
        <Form method="post" action={paths.planEdit(key)}>
          <p className="font-medium text-sm">Delete {name} for good?</p>
          <p className="mt-1 max-w-prose text-ink-muted text-sm">
            Its entries are deleted too. The audit log and history keep a record. To be able to restore it, archive it instead.
          </p>
          <SubmitRow intent="delete" variant="danger" cancelTo={paths.planEdit(key)} cancelLabel="Keep it">
            Delete {name}
          </SubmitRow>
        </Form>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <ActionDescription title="Delete">No tenant has it and no plan includes it.</ActionDescription>
          <LinkButton to={paths.planEdit(key, "delete")} preventScrollReset>
            Delete plan
          </LinkButton>
        </div>
      )}
    </Card>
  );
}

type ArchiveProps = Pick<Props, "plan" | "effects"> & { have: string; includes: string };

function ArchivePlan({ plan, have, includes, effects }: ArchiveProps) {
  const isArchived = plan.archivedAt !== null;
  const act = isArchived ? "restore" : "archive";
  const label = isArchived ? "Restore plan" : "Archive plan";
  const means = "It cannot be newly given. Tenants and plans that have it keep it.";
  if (!effects) {
    return (
      <div className="flex flex-wrap items-center justify-between gap-3">
        <ActionDescription title={isArchived ? "Archived" : "Archive"}>{means}</ActionDescription>
        <LinkButton to={paths.planEdit(plan.key, act)} preventScrollReset>
          {label}
        </LinkButton>
      </div>
    );
  }
  return (
    <Form method="post" action={paths.planEdit(plan.key)}>
      <p className="font-medium text-sm wrap-anywhere">
        {isArchived ? "Restore" : "Archive"} {plan.name}?
      </p>
      <p className="mt-1 mb-3 max-w-prose text-ink-muted text-sm wrap-anywhere">
        {isArchived ? "It can be given again." : means} {have}
        {includes === "" ? "." : `, and it is included in ${includes}.`}
      </p>
      <EffectsOnTenants effects={effects} noun="a feature" />
      <SubmitRow intent={act} cancelTo={paths.planEdit(plan.key)} cancelLabel="Keep as it is" preventScrollReset>
        {label}
      </SubmitRow>
    </Form>
  );
}
