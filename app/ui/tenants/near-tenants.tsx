import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";

type Props = { tenants: readonly { key: string; name: string }[]; to?: (key: string) => string };

/** Tenants like one that does not exist. */
export function NearTenants({ tenants, to = paths.tenant }: Props) {
  if (tenants.length === 0) return <p>No key or name is like it.</p>;
  return (
    <p className="wrap-anywhere">
      Is it one of these?{" "}
      {tenants.map(({ key, name }, i) => (
        <span key={key}>
          {i > 0 && ", "}
          <TextLink to={to(key)} title={key}>
            {name}
          </TextLink>
        </span>
      ))}
    </p>
  );
}
