import { Badge, type Tone } from "~/ui/kit/badge";

const looks = {
  in_sync: { tone: "yes", label: "In sync" },
  pending: { tone: "neutral", label: "Pending" },
  failing: { tone: "no", label: "Failing" },
  never: { tone: "neutral", label: "Not sent yet" },
} as const satisfies Record<string, { tone: Tone; label: string }>;

/** Whether PostHog has a tenant's current properties. */
export function SyncState({ state }: { state: keyof typeof looks }) {
  const { tone, label } = looks[state];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}
