import { Form, useLocation } from "@remix-run/react";
import { paths } from "~/paths";
import { Button, buttonLook } from "~/ui/kit/button";

/** Begins to name the tenants that a change affects. `edit`: the change, as `catalogueEdit` reads it. */
export function ImpactForm({ edit }: { edit: object }) {
  const { pathname, search } = useLocation();
  return (
    <Form method="post" action={`${paths.impacts()}?index`} className="mt-2">
      <input type="hidden" name="edit" value={JSON.stringify(edit)} />
      <input type="hidden" name="back" value={pathname + search} />
      <Button size="sm">Name the tenants</Button>
    </Form>
  );
}

/** The tenants of an impact in a page of their own, so that a form that is not saved stays open. */
export function ImpactLink({ id }: { id: string }) {
  return (
    <p className="mt-2">
      <a href={paths.impact(id)} target="_blank" rel="noreferrer" className={buttonLook({ size: "sm" })}>
        Show the tenants
      </a>
    </p>
  );
}
