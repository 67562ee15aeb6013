import type { NextStep } from "~/core/decision/next-step";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";

type Props = { next: NextStep; tenant: string; feature: { key: string; name: string }; className?: string };

/** The button that turns a no into a yes. */
export function NextStepButton({ next, tenant, feature, className }: Props) {
  const { to, label } = target(next, tenant, feature.key);
  return (
    <LinkButton to={to} size="sm" className={className} aria-label={`${label}: ${feature.name}`}>
      {label}
    </LinkButton>
  );
}

function target(next: NextStep, tenant: string, feature: string): { to: string; label: string } {
  switch (next.step) {
    case "grant_trial":
      return { to: paths.trialNew(tenant, feature), label: "Grant trial" };
    case "override":
      return { to: paths.overrideNew(tenant, feature, "allow"), label: "Override" };
    case "end_override":
      return { to: paths.grantEnd(tenant, next.grant), label: "End override" };
    case "reinstate":
      return { to: paths.tenantStatus(tenant, "active"), label: "Reinstate" };
    case "open_feature":
      return { to: paths.feature(feature), label: "Open feature" };
  }
}
