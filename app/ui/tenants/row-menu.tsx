import { Link } from "@remix-run/react";
import { useState } from "react";
import { paths } from "~/paths";
import { copyText } from "~/ui/kit/code";
import { cx } from "~/ui/kit/cx";
import { useHydrated } from "~/ui/kit/use-hydrated";

export type RowMenuRights = { canGrant: boolean; canExtend: boolean; canChange: boolean };

type RowMenuProps = {
  tenant: { key: string; name: string };
  /** The live trial that ends first, if any. */
  trial: { id: string; feature: string } | undefined;
  rights: RowMenuRights;
  /** Opens upwards, so that the last rows' menus are not cut off. */
  isUp: boolean;
};

/** What is often done with a tenant. Without JavaScript a list of links, and the key to select. */
export function RowMenu({ tenant: { key, name }, trial, rights, isUp }: RowMenuProps) {
  return (
    <details data-row-menu className="relative">
      <summary aria-label={`Actions for ${name}`} className="row-menu-button">
        <span aria-hidden="true">⋯</span>
      </summary>
      <ul className={cx("row-menu", isUp && "row-menu-up")}>
        {rights.canGrant && (
          <li>
            <Link discover="none" to={paths.trialNew(key)}>
              Grant trial
            </Link>
          </li>
        )}
        {rights.canExtend && trial && (
          <li>
            <Link discover="none" to={paths.grantExtend(key, trial.id)} title={trial.feature}>
              {`Extend ${trial.feature}`}
            </Link>
          </li>
        )}
        {rights.canChange && (
          <li>
            <Link discover="none" to={paths.tenantPlan(key)}>
              Change plan
            </Link>
          </li>
        )}
        <li>
          <CopyKey text={key} />
        </li>
      </ul>
    </details>
  );
}

function CopyKey({ text }: { text: string }) {
  const hydrated = useHydrated();
  const [copied, setCopied] = useState(false);
  if (!hydrated) return <code>{text}</code>;
  return (
    <button type="button" onClick={async () => setCopied(await copyText(text))}>
      <span aria-live="polite">{copied ? "Key copied" : "Copy key"}</span>
    </button>
  );
}
