import { useSearchParams } from "@remix-run/react";
import type { TenantSort } from "~/core/tenants/tenant-filter";
import { listWords, shorten } from "~/core/text";
import { maxFilterLengths, maxTrialDays } from "~/forms/tenants/tenant-list-params";
import { withQuery } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { sortWords } from "./tenant-columns-panel";

type TenantListNoticesProps = {
  gone: { name: "plan" | "addOn" | "feature"; key: string }[];
  goneView: string | null;
  total: number;
  isTotalKnown: boolean;
  omitted: number;
  page: number;
  pageSize: number;
  maxPage: number | null;
  sort: TenantSort[];
  wanted: TenantSort[];
};

type FilterName = keyof typeof maxFilterLengths;
const filterWords: { [name in FilterName]: string } = {
  q: "search",
  plan: "plan",
  addOn: "add-on",
  feature: "feature",
  metaKey: "metadata key",
  metaValue: "metadata value",
};
const metadataNames = ["metaKey", "metaValue"];
/** Parameters that are removed with a filter. */
const withThem: { [name in FilterName]?: string[] } = {
  feature: ["feature", "through"],
  metaKey: metadataNames,
  metaValue: metadataNames,
};
const filterNames = Object.keys(maxFilterLengths) as FilterName[];

/** What the list cannot show, and what to do about it. */
export function TenantListNotices({ gone, goneView, total, isTotalKnown, omitted, ...list }: TenantListNoticesProps) {
  const [params] = useSearchParams();
  const tooLong = filterNames.filter((name) => (params.get(name) ?? "").length > maxFilterLengths[name]);
  const without = (names: string[]) => {
    const left = [...params].filter(([name]) => name !== "page" && !names.includes(name));
    return withQuery("", Object.fromEntries(left)) || "?";
  };
  const removal = (name: FilterName) => <TextLink to={without(withThem[name] ?? [name])}>Remove the filter</TextLink>;
  const { page, pageSize, maxPage, sort, wanted } = list;
  const max = maxPage === null ? null : maxPage * pageSize;
  const unsorted = wanted.filter(({ id }) => !sort.some((one) => one.id === id));
  const trial = params.get("trial");
  const badTrial = trial && /^\d+$/.test(trial) && (Number(trial) < 1 || Number(trial) > maxTrialDays);
  return (
    <>
      {goneView !== null && (
        <Notice kind="warning" className="mb-3" action={<TextLink to={without(["view"])}>Show all tenants</TextLink>}>
          {`There is no view ${shorten(goneView, 60)}. It may have been deleted.`}
        </Notice>
      )}
      {gone.map(({ name, key }) => (
        <Notice
          key={name}
          kind="warning"
          className="mb-3"
          action={removal(name)}
        >{`There is no ${filterWords[name]} ${shorten(key, 60)} any more, so nothing matches.`}</Notice>
      ))}
      {tooLong.map((name) => (
        <Notice key={name} kind="warning" className="mb-3" action={removal(name)}>
          {`The ${filterWords[name]} is longer than ${maxFilterLengths[name]} characters, so this filter is ignored.`}
        </Notice>
      ))}
      {badTrial && (
        <Notice kind="warning" className="mb-3" action={<TextLink to={without(["trial"])}>Remove the filter</TextLink>}>
          {`A trial's end is searched within 1 to ${maxTrialDays} days, so this filter is ignored.`}
        </Notice>
      )}
      {max !== null && unsorted.length > 0 && (
        <Notice className="mb-3">
          {`${isTotalKnown ? count(total) : `At least ${count(max)}`} tenants match, so they are sorted by ${listWords(sort.map(({ id }) => sortWords[id]))} only. Narrow the filters to fewer than ${count(max)} to sort by ${listWords(unsorted.map(({ id }) => sortWords[id]))} too.`}
        </Notice>
      )}
      {max !== null && page === maxPage && (
        <Notice className="mb-3">{`Pages end at ${count(max)} tenants. Sort the other way, or narrow the filters, to see the rest.`}</Notice>
      )}
      {omitted > 0 && (
        <Notice className="mb-3">
          {`${omitted === 1 ? "1 tenant of this page is" : `${count(omitted)} tenants of this page are`} left out, because another source decides the feature. The total counts them.`}
        </Notice>
      )}
    </>
  );
}
