import { useSearchParams } from "@remix-run/react";
import { FlaskConical } from "lucide-react";
import type { Instant } from "~/core/model";
import type { PlaygroundQuery } from "~/forms/checks/playground-query";
import { paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { DidYouMean } from "~/ui/kit/did-you-mean";
import { EmptyState } from "~/ui/kit/empty-state";
import { Notice } from "~/ui/kit/notice";
import { Time } from "~/ui/kit/time";

type Props = {
  query: PlaygroundQuery;
  tenant: { name: string; existed: boolean } | null;
  /** Tenants that may have been meant. */
  near: readonly { key: string; name: string }[];
  isPast: boolean;
  at: Instant;
  now: Instant;
  /** A tenant to begin with. */
  example: string | null;
};

/** Why there is nothing to show, or what to know about what is shown. */
export function PlaygroundNotices({ query, tenant, near, isPast, at, now, example }: Props) {
  const [params] = useSearchParams();
  if (Object.keys(query.errors).length > 0) return <Notice kind="error">Correct the marked fields, then decide again.</Notice>;
  if (query.tenant === "") {
    return (
      <Card flush>
        <EmptyState
          icon={FlaskConical}
          title="Which tenant?"
          action={
            example !== null && (
              <LinkButton to={paths.playground({ tenant: example, feature: query.feature })}>Try with {example}</LinkButton>
            )
          }
        >
          Name a tenant by its key. Every feature then shows its answer, and the rules that led to it.
        </EmptyState>
      </Card>
    );
  }
  if (tenant === null) {
    const to = (key: string) => {
      const next = new URLSearchParams(params);
      next.set("tenant", key);
      return `?${next}`;
    };
    return (
      <Notice kind="warning" title={`There is no tenant ${query.tenant}.`}>
        {near.length === 0 ? (
          <>
            Every check about it answers no. <TextLink to={paths.tenants()}>Look it up in the list.</TextLink>
          </>
        ) : (
          <DidYouMean near={near.map(({ key, name }) => ({ key, name: name === key ? key : `${name} (${key})` }))} to={to} />
        )}
      </Notice>
    );
  }
  if (query.at === undefined) return null;
  return (
    <Notice
      className="mb-4"
      title={
        <>
          As of <Time at={at} now={now} show="both" />
        </>
      }
    >
      {!isPast
        ? "With today's plans, grants and usage."
        : !tenant.existed
          ? `${tenant.name} did not exist then.`
          : `What was answered then.${query.user ? " Past answers ignore the user." : ""}`}
    </Notice>
  );
}
