import { Form } from "@remix-run/react";
import type { Plan } from "~/core/model";
import { paths, withQuery } from "~/paths";
import { Button, LinkButton } from "./button";
import { Card, FormActions } from "./card";
import { Means } from "./means";
import { FormErrors } from "./notice";
import { count } from "./pagination";

type Props = {
  plan: Pick<Plan, "key" | "name" | "kind" | "archivedAt">;
  tenants: number;
  includedBy: readonly { key: string; name: string }[];
  /** Which question the address asks. */
  asks: string | null;
  refused: string[] | undefined;
};

/** Archive, restore, delete: what each means, and the button. Deleting asks on a page of its own, which works without script. */
export function PlanEnd({ plan, tenants, includedBy, asks, refused }: Props) {
  const { key, name } = plan;
  const have = `${count(tenants)} ${tenants === 1 ? "tenant has" : "tenants have"} it`;
  const includes = includedBy.map((p) => p.name).join(", ");
  return (
    <Card>
      <FormErrors errors={refused} />
      <Form method="post" action={paths.plan(key)} className="flex flex-wrap items-center justify-between gap-3">
        <Means title={plan.archivedAt === null ? "Archive" : "Archived"}>
          It cannot be newly given. Tenants and plans that have it keep it.
        </Means>
        <Button name="intent" value={plan.archivedAt === null ? "archive" : "restore"}>
          {plan.archivedAt === null ? "Archive plan" : "Restore plan"}
        </Button>
      </Form>
      <hr className="my-4 border-line" />
      {tenants > 0 || includes !== "" ? (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <Means title="Delete">
            Not while it is in use. {tenants > 0 ? `${have}: move them first.` : `${includes} includes it: change that first.`}
          </Means>
          {tenants > 0 && <LinkButton to={paths.tenants({ plan: key })}>Show the tenants</LinkButton>}
        </div>
      ) : asks === "delete" ? (
        <Form method="post" action={paths.plan(key)}>
          <p className="font-medium text-sm">Delete {name} for good?</p>
          <p className="mt-1 max-w-prose text-ink-muted text-sm">
            Its entries go with it. The audit log and the history keep what it was. To keep the way back open, archive it instead.
          </p>
          <FormActions>
            <Button variant="danger" name="intent" value="delete">
              Delete {name}
            </Button>
            <LinkButton to={paths.plan(key)} variant="ghost">
              Keep it
            </LinkButton>
          </FormActions>
        </Form>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <Means title="Delete">No tenant has it and no plan includes it.</Means>
          <LinkButton to={withQuery(paths.plan(key), { ask: "delete" })} preventScrollReset>
            Delete plan
          </LinkButton>
        </div>
      )}
    </Card>
  );
}
