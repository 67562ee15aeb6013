import { Form } from "@remix-run/react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Feature } from "~/core/model";
import { paths } from "~/paths";
import { ActionDescription } from "~/ui/kit/action-description";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { SubmitRow } from "~/ui/kit/submit-row";
import { EffectsOnTenants } from "./effects-on-tenants";
import { ImpactForm } from "./impact-form";

const archiveMeans = "Checks are then denied, and lists omit the feature. Plans and grants keep their values.";
const restoreMeans = "Checks of it are denied. Restoring it brings back the values of plans and grants.";

type Props = {
  feature: Pick<Feature, "key" | "name" | "archivedAt">;
  /** If the URL asks for it: the effects of archiving or restoring. */
  effects: ChangeEffects | null;
};

/** Archives or restores a feature. The question and its effects have an address of their own, which works without script. */
export function FeatureEnd({ feature, effects }: Props) {
  const { key, name } = feature;
  const isArchived = feature.archivedAt !== null;
  const act = isArchived ? "restore" : "archive";
  const label = isArchived ? "Restore feature" : "Archive feature";
  if (effects === null) {
    return (
      <Card className="mt-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <ActionDescription title={isArchived ? "Archived" : "Archive"}>{isArchived ? restoreMeans : archiveMeans}</ActionDescription>
          <LinkButton to={paths.featureEdit(key, act)} preventScrollReset>
            {label}
          </LinkButton>
        </div>
      </Card>
    );
  }
  return (
    <Card className="mt-4">
      <p className="font-medium text-sm wrap-anywhere">{isArchived ? `Restore ${name}?` : `Archive ${name}?`}</p>
      <p className="mt-1 mb-3 max-w-prose text-ink-muted text-sm">
        {isArchived ? "Tenants whose plan or grant includes it get it back immediately." : `${archiveMeans} You can restore it.`}
      </p>
      <EffectsOnTenants effects={effects}>
        <ImpactForm edit={{ kind: `${act}_feature`, feature: key }} />
      </EffectsOnTenants>
      <Form method="post" action={paths.featureEdit(key)}>
        <SubmitRow intent={act} cancelTo={paths.featureEdit(key)} cancelLabel="Keep as it is" preventScrollReset>
          {label}
        </SubmitRow>
      </Form>
    </Card>
  );
}
