import { useSearchParams } from "@remix-run/react";
import { tenantFilterNames } from "~/forms/tenants/tenant-list-params";
import { paths } from "~/paths";
import { PickForm } from "~/ui/bulk/pick";
import { LinkButton } from "~/ui/kit/button";
import { count } from "~/ui/kit/pagination";

type Props = { total: number; isTotalKnown: boolean; isFiltered: boolean };

/** Changes the tenants that are ticked, or all that match. */
export function BulkBar({ total, isTotalKnown, isFiltered }: Props) {
  const [params] = useSearchParams();
  const filter = Object.fromEntries(tenantFilterNames.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])));
  const number = `${isTotalKnown ? "" : "at least "}${count(total)}`;
  return (
    <PickForm>
      <LinkButton size="sm" variant="ghost" to={paths.bulk({ ...filter, all: 1 })}>
        {isFiltered ? `Change all ${number} that match` : `Change all ${number}`}
      </LinkButton>
    </PickForm>
  );
}
