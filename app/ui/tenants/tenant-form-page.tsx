import type { ReactNode } from "react";
import type { Act } from "~/core/permissions";
import { paths } from "~/paths";
import type { Crumb } from "~/ui/kit/page-header";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";

type Props = {
  title: string;
  tenant: { key: string; name: string; canChange: boolean };
  /** What the form does. */
  act: Act;
  /** Pages between the tenant and this one. */
  crumbs?: Crumb[];
  wide?: boolean;
  children: ReactNode;
};

/** A page with one form about a tenant. */
export function TenantFormPage({ title, tenant, act, crumbs = [], wide, children }: Props) {
  return (
    <>
      <PageHeader
        title={title}
        breadcrumbs={[{ label: "Tenants", to: paths.tenants() }, { label: tenant.name, to: paths.tenant(tenant.key) }, ...crumbs]}
      />
      <div className={wide ? "max-w-4xl" : "max-w-2xl"}>
        <PermissionNotice canChange={tenant.canChange} act={act} />
        {children}
      </div>
    </>
  );
}
