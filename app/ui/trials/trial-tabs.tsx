import type { TrialTab } from "~/forms/trials/trial-filters";
import { paths } from "~/paths";
import { PageHeader } from "~/ui/kit/page-header";
import { Tabs } from "~/ui/kit/tabs";
import { trialTabWords } from "./trial-words";

export type TrialPage = TrialTab | "calendar" | "report" | "presets";

/** Heading and tabs of all pages about trials. */
export function TrialsHeader({ current }: { current: TrialPage }) {
  const lists = Object.entries(trialTabWords).map(([tab, label]) => ({
    label,
    to: paths.trials({ tab: tab === "ending" ? null : tab }),
    isCurrent: tab === current,
  }));
  return (
    <>
      <PageHeader title="Trials" description="Every trial of every tenant: what ends soon, what was used, and what came of it." />
      <Tabs
        label="Trials"
        tabs={[
          ...lists,
          { label: "Calendar", to: paths.trialCalendar(), isCurrent: current === "calendar" },
          { label: "Report", to: paths.trialReport(), isCurrent: current === "report" },
          { label: "Presets", to: paths.trialPresets(), isCurrent: current === "presets" },
        ]}
      />
    </>
  );
}
