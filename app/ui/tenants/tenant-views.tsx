import { Form, Link, useSearchParams } from "@remix-run/react";
import { Bookmark } from "lucide-react";
import { maxViewName, tenantViewQuery } from "~/forms/tenants/tenant-list-params";
import { paths } from "~/paths";
import { Button, buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { inputLook } from "~/ui/kit/inputs";

export type TenantView = { id: string; name: string; query: string; createdBy: string };

const look = (isCurrent: boolean) =>
  cx(
    "flex h-8 max-w-56 items-center rounded-control px-2.5 font-medium text-sm max-sm:h-10",
    isCurrent ? "bg-accent-soft text-accent" : "text-ink-muted hover:bg-sunken hover:text-ink",
  );

/** Views of the team as links, and a form that saves what is shown as another one. */
export function TenantViews({ views, canChange }: { views: TenantView[]; canChange: boolean }) {
  const [params] = useSearchParams();
  const query = tenantViewQuery(params).toString();
  const current = views.find((view) => view.query === query);
  const canSave = canChange && query !== "" && !current;
  if (views.length === 0 && !canSave) return null;
  return (
    <div className="mb-3 flex flex-wrap items-center gap-1">
      {views.length > 0 && (
        <nav aria-label="Views" className="min-w-0">
          <ul className="flex flex-wrap items-center gap-1">
            <li>
              <Link to={paths.tenants()} aria-current={query === "" ? "page" : undefined} className={look(query === "")}>
                All tenants
              </Link>
            </li>
            {views.map(({ id, name, query, createdBy }) => (
              <li key={id}>
                <Link
                  to={`${paths.tenants()}?${query}`}
                  title={`${name}, saved by ${createdBy}`}
                  aria-current={id === current?.id ? "page" : undefined}
                  className={look(id === current?.id)}
                >
                  <span className="truncate">{name}</span>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {canSave && (
        <details key={query} className="relative max-sm:w-full">
          <summary className={cx(buttonLook({ variant: "ghost" }), "w-fit")}>
            <Bookmark aria-hidden="true" />
            Save view
          </summary>
          <Form
            method="post"
            action={paths.tenantViews()}
            className="mt-1 flex gap-2 rounded-control border border-line bg-surface p-2 shadow-float sm:absolute sm:top-full sm:left-0 sm:z-20 sm:w-80"
          >
            <input type="hidden" name="returnQuery" value={query} />
            <input
              name="name"
              required
              maxLength={maxViewName}
              aria-label="Name of the view"
              placeholder="Name, for the whole team"
              autoComplete="off"
              className={cx(inputLook, "h-10 sm:h-8")}
            />
            <Button name="intent" value="save" variant="primary">
              Save
            </Button>
          </Form>
        </details>
      )}
      {canChange && current && (
        <Form method="post" action={paths.tenantViews()}>
          <input type="hidden" name="id" value={current.id} />
          <Button name="intent" value="delete" variant="ghost">
            Delete view
          </Button>
        </Form>
      )}
    </div>
  );
}
