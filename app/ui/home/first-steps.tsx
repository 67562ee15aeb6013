import { Check, Circle } from "lucide-react";
import type { ReactNode } from "react";
import { paths } from "~/paths";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";

type StartState = { hasCatalogue: boolean; hasTenants: boolean; hasKey: boolean; hasCheck: boolean };

/** What a new installation needs until its first check, ticked as it is done. */
export function FirstSteps({ start, curl }: { start: StartState; curl: string }) {
  const { hasCatalogue, hasTenants, hasKey, hasCheck } = start;
  if (hasCheck) return null;
  const isWaiting = hasCatalogue && hasTenants && hasKey;
  return (
    <Section title="First steps" className="mb-6" description="From nothing to the first check of your app.">
      {isWaiting && <AutoRefresh seconds={5} />}
      <ol className="grid gap-3">
        <Step done={hasCatalogue}>
          <TextLink to={paths.importCatalogue()}>Import a catalogue</TextLink> or <TextLink to={paths.planNew()}>create a plan</TextLink>.
        </Step>
        <Step done={hasTenants}>
          <TextLink to={paths.tenantNew()}>Create the first tenant</TextLink>.
        </Step>
        <Step done={hasKey}>
          <TextLink to={paths.keyNew()}>Create an API key</TextLink> with the scope check, and put it into LATCHKEY_KEY.
        </Step>
        <Step done={hasCheck}>
          Send the first check. This page shows when it arrives.
          {isWaiting && (
            <div className="mt-2">
              <CodeBlock text={curl} label="The first check" />
            </div>
          )}
        </Step>
      </ol>
    </Section>
  );
}

function Step({ done, children }: { done: boolean; children: ReactNode }) {
  const Icon = done ? Check : Circle;
  return (
    <li className="flex min-w-0 items-start gap-2.5 text-sm">
      <Icon className={done ? "mt-0.5 size-4 shrink-0 text-yes" : "mt-0.5 size-4 shrink-0 text-ink-faint"} aria-hidden="true" />
      <span className="sr-only">{done ? "Done:" : "To do:"}</span>
      <div className={done ? "min-w-0 flex-1 text-ink-muted" : "min-w-0 flex-1 text-ink"}>{children}</div>
    </li>
  );
}
