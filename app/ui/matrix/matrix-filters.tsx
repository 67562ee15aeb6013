import { Form, Link, useSearchParams } from "@remix-run/react";
import { shorten } from "~/core/text";
import { matrixFilterNames, matrixFilters } from "~/forms/matrix/matrix-params";
import { paths } from "~/paths";
import { Button, TextLink } from "~/ui/kit/button";
import { TextInput } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";
import { type TenantFilterChoices, TenantFilters } from "~/ui/tenants/tenant-filters";

type Named = { key: string; name: string };
type Props = {
  columns: readonly Named[];
  from: "chosen" | "plan" | "usual";
  of: { key: string; name: string | null } | null;
  gone: readonly string[];
  isCut: boolean;
  toAdd: { text: string; near: readonly Named[] } | null;
  choices: TenantFilterChoices;
};

const names = [...matrixFilterNames, "after"];

/** Filters of tenants, and the choice of columns. */
export function MatrixFilters({ columns, from, of, gone, isCut, toAdd, choices }: Props) {
  const [params] = useSearchParams();
  const filters = matrixFilters(params);
  const kept = [...params].filter(([name]) => name !== "add" && name !== "after");
  const keys = columns.map(({ key }) => key);
  return (
    <div className="mb-3 grid gap-2">
      <TenantFilters {...choices} names={names} />
      <div className="flex flex-wrap items-center gap-2">
        <Form method="get" action={paths.matrix([])} className="flex min-w-0 items-center gap-2 max-sm:w-full">
          {kept.map(([name, value]) => (
            <input key={`${name}=${value}`} type="hidden" name={name} value={value} />
          ))}
          <TextInput
            key={toAdd?.text}
            name="add"
            type="search"
            aria-label="Add a feature as a column"
            placeholder="Add a feature"
            defaultValue={toAdd?.text}
            autoComplete="off"
            maxLength={200}
            className="sm:w-72"
          />
          <Button>Add column</Button>
        </Form>
        <p className="text-ink-muted text-xs">
          {from === "usual" ? (
            "The features that were asked for most in 30 days."
          ) : (
            <>
              {from === "plan" ? `Features of ${shorten(of?.name ?? "", 60)}. ` : "Chosen features. "}
              <TextLink to={paths.matrix([], filters)}>Show those asked for most</TextLink>
            </>
          )}
        </p>
      </div>
      {toAdd && (
        <Notice
          kind="warning"
          role="status"
          title={
            toAdd.near.length > 0
              ? `Several features match “${shorten(toAdd.text, 60)}”`
              : `No feature is called “${shorten(toAdd.text, 60)}”`
          }
        >
          {toAdd.near.length === 0 ? (
            "Check the spelling, or type a part of its name or key."
          ) : (
            <ul className="flex flex-wrap gap-x-4 gap-y-1">
              {toAdd.near.map(({ key, name }) => (
                <li key={key} className="min-w-0 max-w-full">
                  <Link to={paths.matrix([...keys, key], filters)} title={key} className="underline underline-offset-[3px]">
                    {shorten(name, 60)}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Notice>
      )}
      {of !== null && of.name === null && <Notice kind="warning" role="status">{`There is no plan ${shorten(of.key, 60)}.`}</Notice>}
      {gone.length > 0 && (
        <Notice kind="warning" role="status">
          {`Left out, because there are no such features or they are archived: ${gone
            .slice(0, 10)
            .map((key) => shorten(key, 60))
            .join(", ")}${gone.length > 10 ? ` and ${gone.length - 10} more` : ""}.`}
        </Notice>
      )}
      {isCut && (
        <Notice kind="info" role="status">
          A page has up to 30 columns. The others are left out.
        </Notice>
      )}
    </div>
  );
}
