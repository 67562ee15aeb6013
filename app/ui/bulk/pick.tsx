import { Form } from "@remix-run/react";
import type { ReactNode } from "react";
import type { BulkActId } from "~/core/bulk/bulk-act";
import { paths } from "~/paths";
import { Button } from "~/ui/kit/button";

/** The form of the boxes in a list's rows, which are outside of it. The stylesheet names it, too. */
const pickFormId = "pick";

/** Ticks a tenant of a list. A list has one PickForm. */
export function PickBox({ tenantKey, name }: { tenantKey: string; name: string }) {
  return <input type="checkbox" form={pickFormId} name="tenant" value={tenantKey} aria-label={`Choose ${name}`} />;
}

/** A tenant's cell with its box, if there is one. */
export const withPickBox = (cell: ReactNode, tenant: { key: string; name: string }, canPick: boolean): ReactNode =>
  canPick ? (
    <span className="pick-cell">
      <PickBox tenantKey={tenant.key} name={tenant.name} />
      {cell}
    </span>
  ) : (
    cell
  );

type Props = { act?: BulkActId; feature?: string | null; children?: ReactNode };

/** Leads from the ticked tenants to the form of a bulk act. `act` and `feature` fill it in. */
export function PickForm({ act, feature, children }: Props) {
  return (
    <div className="pick-bar">
      <Form id={pickFormId} method="post" action={paths.bulk()}>
        {act && <input type="hidden" name="act" value={act} />}
        {feature && <input type="hidden" name="features" value={feature} />}
        <Button size="sm" name="intent" value="pick">
          Change ticked tenants
        </Button>
      </Form>
      {children}
    </div>
  );
}
