import type { ReactNode } from "react";
import { paths } from "~/paths";
import type { Crumb } from "~/ui/kit/page-header";
import { PageHeader } from "~/ui/kit/page-header";
import { ViewerNotice } from "~/ui/kit/viewer-notice";

type Props = {
  title: string;
  tenant: { key: string; name: string; canChange: boolean };
  /** Pages between the tenant and this one. */
  crumbs?: Crumb[];
  wide?: boolean;
  children: ReactNode;
};

/** A page with one form about a tenant. */
export function TenantFormPage({ title, tenant, crumbs = [], wide, children }: Props) {
  return (
    <>
      <PageHeader
        title={title}
        breadcrumbs={[{ label: "Tenants", to: paths.tenants() }, { label: tenant.name, to: paths.tenant(tenant.key) }, ...crumbs]}
      />
      <div className={wide ? "max-w-4xl" : "max-w-2xl"}>
        <ViewerNotice canChange={tenant.canChange} />
        {children}
      </div>
    </>
  );
}
