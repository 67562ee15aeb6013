import type { Instant } from "~/core/model";
import type { CommandAnswer } from "~/core/search/results";
import { monthNames } from "~/core/time";
import { paths } from "~/paths";

const two = (n: number) => String(n).padStart(2, "0");

/** "13 Dec, 18:12 UTC", with the year if it is another one. */
export function shortInstant(at: Instant, now: Instant): string {
  const d = new Date(at);
  const year = d.getUTCFullYear();
  const ofYear = year === new Date(now).getUTCFullYear() ? "" : ` ${year}`;
  return `${d.getUTCDate()} ${monthNames[d.getUTCMonth()]?.slice(0, 3)}${ofYear}, ${two(d.getUTCHours())}:${two(d.getUTCMinutes())} UTC`;
}

const daysOf = (days: number) => (days === 1 ? "1 day" : `${days} days`);

/** A command as an act: a form to send, or a page to open. */
export type CommandAct = { sentence: string; to: string; button: string; fields: Record<string, string> | null };

export function commandAct(answer: CommandAnswer, now: Instant): CommandAct | null {
  switch (answer.kind) {
    case "problem":
    case "several":
      return null;
    case "grant": {
      const { tenant, feature, days, endsAt, fields } = answer;
      const sentence = `Grant ${tenant.name} a trial of ${feature.name} for ${daysOf(days)}, until ${shortInstant(endsAt, now)}`;
      return { sentence, to: paths.trialNew(tenant.key), button: "Grant trial", fields };
    }
    case "extend": {
      const { tenant, feature, days, endsAt, fields, grant } = answer;
      const sentence = `Extend the trial of ${feature.name} for ${tenant.name} by ${daysOf(days)}, until ${shortInstant(endsAt, now)}`;
      return { sentence, to: paths.grantExtend(tenant.key, grant), button: "Extend trial", fields };
    }
    case "form": {
      const { tenant, feature } = answer;
      const sentence = `Open the form for a trial of ${feature.name} for ${tenant.name}, which needs a value`;
      return { sentence, to: paths.trialNew(tenant.key, feature.key), button: "Open the form", fields: null };
    }
    case "reason": {
      const { tenant, feature, message, grant } = answer;
      const to = grant === null ? paths.trialNew(tenant.key, feature.key) : paths.grantExtend(tenant.key, grant);
      return { sentence: `${message.replace(/\.$/, "")}`, to, button: "Open the form", fields: null };
    }
    case "plan":
      return {
        sentence: `Change the plan of ${answer.tenant.name}`,
        to: paths.tenantPlan(answer.tenant.key),
        button: "Change plan",
        fields: null,
      };
    case "compare": {
      const [first, second] = answer.tenants;
      const sentence = second ? `Compare ${first?.name} with ${second.name}` : `Compare ${first?.name} with another tenant`;
      const keys = answer.tenants.map(({ key }) => key);
      return { sentence, to: paths.compare(keys), button: "Compare", fields: null };
    }
  }
}
