import type { ComponentProps } from "react";
import { paths } from "~/paths";
import { LatestChanges } from "~/ui/audit/latest-changes";

type Props = Pick<ComponentProps<typeof LatestChanges>, "activities" | "now"> & { kind: "feature" | "plan"; subject: string };

/** The last changes of a feature or plan. */
export function CatalogueHistory({ kind, subject, ...rest }: Props) {
  return (
    <LatestChanges
      title="History"
      empty="No change of its own yet. Imports are under Activity."
      allTo={paths.audit({ kind, subject })}
      {...rest}
    />
  );
}
