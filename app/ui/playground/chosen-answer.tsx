import type { SourceRow } from "~/core/decision/answer-row";
import type { Considered } from "~/core/decision/considered-rules";
import type { ReasonCode } from "~/core/decision/decide";
import type { FeatureType, Instant } from "~/core/model";
import type { PlaygroundQuery } from "~/forms/checks/playground-query";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { clientCode } from "~/ui/kit/client-code";
import { CodeBlock } from "~/ui/kit/code";
import { curlLine } from "~/ui/kit/curl";
import { Details } from "~/ui/kit/details";
import { DidYouMean } from "~/ui/kit/did-you-mean";
import { DecisionMark, NoSource, SourceBadge } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";
import { RuleTrace } from "./rule-trace";

type Chosen = {
  key: string;
  name: string;
  type: FeatureType | null;
  isKnown: boolean;
  near: readonly { key: string; name: string }[];
  entitled: boolean;
  reason: ReasonCode;
  message: string;
  gives: string | null;
  sources: readonly SourceRow[];
  rules: readonly Considered[];
  validUntil: Instant | null;
  at: string;
  json: string;
};
type Props = { chosen: Chosen | null; tenant: string; query: PlaygroundQuery; origin: string; isPast: boolean; now: Instant };

/** One decision: its rules in order, its sources, and code for the same check. */
export function ChosenAnswer({ chosen, tenant, query, origin, isPast, now }: Props) {
  if (chosen === null) {
    return (
      <Section title="Rules">
        <p className="text-ink-muted text-sm">Choose a feature to see which rules were considered, and code for the same check.</p>
      </Section>
    );
  }
  const { key, name, type, isKnown, near, entitled, reason, message, gives, sources, rules, validUntil, json } = chosen;
  const details = { user: isPast ? undefined : query.user, requested: query.requested, at: query.at === undefined ? undefined : chosen.at };
  return (
    <Section
      id="answer"
      title={<span className="wrap-anywhere">{name}</span>}
      actions={isKnown && <TextLink to={paths.feature(key)}>Open feature</TextLink>}
      className="scroll-mt-4"
      bare
    >
      <Card>
        <p className="flex items-start gap-2.5 text-sm">
          <DecisionMark entitled={entitled} reason={reason} compact />
          <span className="min-w-0 text-ink wrap-anywhere">
            {gives !== null && <span className="font-medium">{gives}. </span>}
            {message}
          </span>
        </p>
        {!isKnown && near.length > 0 && (
          <p className="mt-2 text-sm">
            <DidYouMean near={near} to={(feature) => paths.playground({ tenant, feature })} />
          </p>
        )}
        {validUntil !== null && (
          <p className="mt-2 text-ink-muted text-xs">
            This may change by itself <Time at={validUntil} now={now} show="both" />.
          </p>
        )}
        <h3 className="mt-4 mb-2 font-medium text-ink-muted text-xs">Rules, the first that matches decides</h3>
        <RuleTrace rules={rules} entitled={entitled} reason={reason} />
        <h3 className="mt-4 mb-2 font-medium text-ink-muted text-xs">Sources</h3>
        {sources.length === 0 ? (
          <NoSource />
        ) : (
          <ul className="grid gap-1.5 text-sm">
            {sources.map((source) => (
              <li key={`${source.kind} ${source.label} ${source.grant}`} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <SourceBadge source={source.kind} label={source.label} denies={source.denies} />
                {source.gives !== null && <span className="text-ink wrap-anywhere">{source.gives}</span>}
                {source.startsAt !== null && (
                  <span className="text-ink-muted text-xs">
                    starts <Time at={source.startsAt} now={now} show="exact" />
                  </span>
                )}
                {source.expiresAt !== null && (
                  <span className="text-ink-muted text-xs">
                    ends <Time at={source.expiresAt} now={now} show="exact" />
                  </span>
                )}
                {source.wins && <span className="font-medium text-ink-muted text-xs">decides</span>}
              </li>
            ))}
          </ul>
        )}
        <h3 className="mt-5 mb-2 font-medium text-ink-muted text-xs">The same check in code</h3>
        <div className="grid gap-3">
          <CodeBlock text={curlLine(origin, tenant, [key], { ...details, explain: true })} label="curl" wrap />
          {type !== null && (
            <Details summary="TypeScript">
              <CodeBlock text={clientCode(origin, tenant, { key, type }, details)} label="TypeScript" wrap />
            </Details>
          )}
          <Details summary="Answer as JSON">
            <CodeBlock text={json} label="JSON" wrap />
          </Details>
        </div>
      </Card>
    </Section>
  );
}
