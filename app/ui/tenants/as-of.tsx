import { Link, useLocation, useSearchParams } from "@remix-run/react";
import { CalendarClock } from "lucide-react";
import type { Instant } from "~/core/model";
import { inputValueIn, zonedDateTime } from "~/core/zoned-time";
import { paths } from "~/paths";
import { Button, buttonLook, LinkButton } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { Field } from "~/ui/kit/field";
import { DateTimeInput, ZoneInput, zoneWords } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";

type Props = { at: Instant | null; zone: string; now: Instant };

/** Query parameters that keep links to a tenant's pages at the same instant. Empty on pages about now. */
export function useAsOfQuery(): { at?: string; zone?: string } {
  const [params] = useSearchParams();
  const at = params.get("at");
  return at ? { at, zone: params.get("zone") ?? undefined } : {};
}

/** Opens a form for a date and time. Works without JavaScript. */
export function AsOfPicker({ at, zone, now }: Props) {
  const { pathname, search } = useLocation();
  return (
    // A new instant closes the form.
    <details key={search} className="group relative max-sm:w-full">
      <summary className={cx(buttonLook({}), "cursor-pointer list-none max-sm:w-full [&::-webkit-details-marker]:hidden")}>
        <CalendarClock aria-hidden="true" />
        As of…
      </summary>
      <form
        method="get"
        action={pathname}
        className="z-20 mt-1 rounded-card border border-line bg-surface p-4 text-left shadow-card sm:absolute sm:right-0 sm:w-72"
      >
        <ZoneInput zone={zone} />
        <Field label="Date and time" name="at" hint={`In ${zoneWords(zone)}, past or future.`}>
          <DateTimeInput required min="1970-01-01T00:00" max="9999-12-31T23:59" defaultValue={inputValueIn(at ?? now, zone)} />
        </Field>
        <Button variant="primary">Show</Button>
      </form>
    </details>
  );
}

type BannerProps = {
  tenant: { key: string; name: string };
  at: Instant;
  isPast: boolean;
  hasUse: boolean;
  /** When the tenant's history begins, if it did not exist at `at`. */
  begins: Instant | null;
  zone: string;
};

/** Above pages of another instant. */
export function AsOfBanner({ tenant, at, isPast, hasUse, begins, zone }: BannerProps) {
  const when = zonedDateTime(at, zone);
  const { pathname } = useLocation();
  const back = (
    <LinkButton to={pathname} size="sm" className="mt-2">
      Back to today
    </LinkButton>
  );
  if (begins !== null) {
    const first = zonedDateTime(begins, zone);
    return (
      <Notice kind="warning" className="mb-4" title={`${tenant.name} did not exist as of ${when}`}>
        <p>
          Its history begins on{" "}
          <Link to={paths.tenant(tenant.key, { at: new Date(begins).toISOString() })} className="underline">
            {first}
          </Link>
          .
        </p>
        {back}
      </Notice>
    );
  }
  return (
    <Notice className="mb-4" title={`As of ${when}, read only`}>
      <p>
        {isPast ? "The answers that checks got then." : "The answers that checks will get then, if nothing is changed until then."}
        {!hasUse && " Usage is known for the last 7 days only, so limits are left out."}
      </p>
      {back}
    </Notice>
  );
}
