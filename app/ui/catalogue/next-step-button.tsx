import type { NextStep } from "~/core/decision/next-step";
import { type Act, mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";

type Props = { next: NextStep; tenant: string; feature: { key: string; name: string }; role: Role; className?: string };

/** The button that turns a no into a yes, for people who may do that. */
export function NextStepButton({ next, tenant, feature, role, className }: Props) {
  const { to, label, act } = target(next, tenant, feature.key);
  if (!mayAct(role, act)) return null;
  return (
    <LinkButton to={to} size="sm" className={className} aria-label={`${label}: ${feature.name}`}>
      {label}
    </LinkButton>
  );
}

function target(next: NextStep, tenant: string, feature: string): { to: string; label: string; act: Act } {
  switch (next.step) {
    case "grant_trial":
      return { to: paths.trialNew(tenant, feature), label: "Grant trial", act: "trials.grant" };
    case "override":
      return { to: paths.overrideNew(tenant, feature, "allow"), label: "Override", act: "overrides.change" };
    case "end_override":
      return { to: paths.grantEnd(tenant, next.grant), label: "End override", act: "overrides.change" };
    case "reinstate":
      return { to: paths.tenantStatus(tenant, "active"), label: "Reinstate", act: "tenants.change" };
    case "open_feature":
      return { to: paths.feature(feature), label: "Open feature", act: "catalogue.change" };
  }
}
