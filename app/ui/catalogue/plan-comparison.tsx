import { Form, Link } from "@remix-run/react";
import type { DifferenceCounts, DifferenceKind, FeatureDifference } from "~/core/catalogue/plan-difference";
import { paths } from "~/paths";
import { Button, LinkButton } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { DidYouMean } from "~/ui/kit/did-you-mean";
import { Select, TextInput } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";
import { Pagination } from "~/ui/kit/pagination";
import { differenceWords } from "./plan-features";

type Named = { key: string; name: string };
type Found = {
  other: Named & { isArchived: boolean };
  counts: DifferenceCounts;
  rows: readonly FeatureDifference[];
  total: number;
  page: number;
  pageSize: number;
};
type Comparison = { asked: string } & (Found | { other: null; near: readonly Named[] });
type Props = { plan: Named; compared: Comparison | null; others: readonly Named[]; hasMoreOthers: boolean };

/** Chooses another plan, and compares with it. */
export function PlanComparison({ plan, compared, others, hasMoreOthers }: Props) {
  if (others.length === 0 && compared === null) return null;
  return (
    <Section
      id="compare"
      title="Compare"
      description={compared?.other && <span className="wrap-anywhere">{differenceWords(compared.counts, compared.other.name)}</span>}
      actions={
        compared && (
          <LinkButton to={paths.plan(plan.key)} size="sm" variant="ghost" preventScrollReset>
            Close
          </LinkButton>
        )
      }
      flush
    >
      <Form method="get" action={paths.plan(plan.key)} preventScrollReset className="flex flex-wrap items-center gap-2 px-4 py-3">
        <label htmlFor="compare-with" className="text-ink-muted text-sm">
          With
        </label>
        <span className="min-w-0 max-w-72 flex-1 basis-40">
          {hasMoreOthers ? (
            <>
              <TextInput
                id="compare-with"
                name="compare"
                defaultValue={compared?.asked ?? ""}
                placeholder="Key or name of a plan"
                list="other-plans"
                maxLength={200}
                autoComplete="off"
                required
              />
              <datalist id="other-plans">
                {others.map(({ key, name }) => (
                  <option key={key} value={key}>
                    {name}
                  </option>
                ))}
              </datalist>
            </>
          ) : (
            <Select
              id="compare-with"
              name="compare"
              defaultValue={compared?.other?.key ?? others[0]?.key}
              options={others.map(({ key, name }) => [key, name])}
            />
          )}
        </span>
        <Button>Compare</Button>
      </Form>
      {compared && (compared.other === null ? <UnknownPlan plan={plan} {...compared} /> : <Compared plan={plan} {...compared} />)}
    </Section>
  );
}

function UnknownPlan({ plan, asked, near }: { plan: Named; asked: string; near: readonly Named[] }) {
  return (
    <Notice kind="warning" className="m-4 mt-0" title={`There is no plan ${asked}.`}>
      {near.length === 0 ? (
        "It may have been renamed or deleted."
      ) : (
        <DidYouMean near={near} to={(key) => paths.plan(plan.key, { compare: key })} />
      )}
    </Notice>
  );
}

const kinds: { [K in DifferenceKind]: string } = { adds: "Only here", lacks: "Only there", changes: "Differs", same: "Same" };

/** A table of its own: the cells of a DataTable weigh ten times as much. */
function Compared({ plan, other, rows, total, page, pageSize }: { plan: Named } & Found) {
  if (rows.length === 0) return <p className="border-line border-t px-4 py-5 text-ink-muted text-sm">Neither plan gives a feature.</p>;
  return (
    <div className="border-line border-t">
      <table className="w-full table-fixed border-collapse text-left text-sm [&_td]:px-2 [&_td]:py-2 [&_th]:px-2 sm:[&_td]:px-4 sm:[&_th]:px-4">
        <caption className="sr-only">{`Features of ${plan.name} and ${other.name}, differences first`}</caption>
        <thead className="h-9 border-line border-b bg-sunken/50 text-ink-muted text-xs [&_th]:truncate [&_th]:font-medium">
          <tr>
            <th scope="col" className="w-2/5">
              Feature
            </th>
            <th scope="col" title={plan.name}>
              {plan.name}
            </th>
            <th scope="col" title={other.name}>
              {other.name}
            </th>
            <th scope="col" className="w-1/6 max-sm:sr-only">
              Difference
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.key} className={row.kind === "same" ? "text-ink-muted" : "text-ink"}>
              <td className="wrap-anywhere">
                <Link to={paths.feature(row.key)} discover="none" className="hover:underline">
                  {row.name}
                </Link>
              </td>
              <td className="wrap-anywhere">{row.gives ?? <Nothing />}</td>
              <td className="wrap-anywhere">{row.otherGives ?? <Nothing />}</td>
              <td className="text-xs max-sm:sr-only">{kinds[row.kind]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > pageSize && <Pagination page={page} pageSize={pageSize} total={total} noun="features" label="Pages of the comparison" />}
    </div>
  );
}

const Nothing = () => (
  <span className="text-ink-faint">
    –<span className="sr-only">not included</span>
  </span>
);
