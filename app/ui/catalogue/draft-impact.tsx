import { Form } from "@remix-run/react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { TenantEffect } from "~/core/impact/impact-result";
import { paths } from "~/paths";
import { Button } from "~/ui/kit/button";
import { EffectsOnTenants } from "./effects-on-tenants";
import { ImpactProgress } from "./impact-progress";
import { type ImpactTenantRow, ImpactTenants } from "./impact-tenants";

type Props = {
  id: string;
  /** The tenants by name, if someone asked for them. */
  impact: {
    job: { id: string } & Parameters<typeof ImpactProgress>[0]["job"];
    counts: { [E in TenantEffect]: number };
    effect: TenantEffect;
    rows: ImpactTenantRow[];
    next: { checks: number; tenant: string } | null;
  } | null;
  /** The estimate that is shown before. */
  effects: ChangeEffects | null;
  /** Changes that cannot be published, which the estimate leaves out. */
  problems: number;
  canChange: boolean;
  busy: boolean;
  isOver: boolean;
};

/** What a draft would do to tenants: an estimate, then names. */
export function DraftImpact({ id, impact, effects, problems, canChange, busy, isOver }: Props) {
  if (!impact) {
    return (
      <div>
        {effects && <EffectsOnTenants effects={effects} noun="a feature" />}
        <DraftEffectsNote hasEffects={effects !== null} problems={problems} />
        {canChange && effects && (
          <Form method="post" action={paths.draft(id)} preventScrollReset className="mt-2">
            <Button size="sm" name="intent" value="review" busy={busy}>
              Name the tenants
            </Button>
          </Form>
        )}
      </div>
    );
  }
  const { job, ...list } = impact;
  return (
    <div className="grid gap-4">
      <DraftEffectsNote hasEffects problems={problems} />
      <ImpactProgress job={job} />
      <ImpactTenants
        {...list}
        pathOf={(query) => paths.impact(job.id, { ...query, back: paths.draft(id, { impact: job.id }) })}
        isFirst
        isOver={isOver}
      />
    </div>
  );
}

/** Says what the numbers leave out, or why there are none. */
function DraftEffectsNote({ hasEffects, problems }: { hasEffects: boolean; problems: number }) {
  if (hasEffects && problems === 0) return null;
  const left = problems === 1 ? "One change that cannot be published is" : `${problems} changes that cannot be published are`;
  return (
    <p className="text-ink-muted text-sm">
      {problems === 0
        ? "The plans are already so: no tenant notices it."
        : hasEffects
          ? `${left} left out here.`
          : "Who notices it is shown when the changes that cannot be published are decided."}
    </p>
  );
}
