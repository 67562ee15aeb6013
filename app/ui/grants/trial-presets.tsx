import { Link } from "@remix-run/react";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { useHydrated } from "~/ui/kit/use-hydrated";

export type OfferedPreset = { name: string; days: number; features: string[] };

type Props = {
  tenant: string;
  presets: readonly OfferedPreset[];
  /** What is chosen, for a new preset. Null for people who may not keep one. */
  kept: { features: string[]; days: string | undefined } | null;
  returnTo: string;
};

/** Links that fill in the form with the features and the length of a preset. */
export function TrialPresets({ tenant, presets, kept, returnTo }: Props) {
  const hydrated = useHydrated();
  if (presets.length === 0 && kept === null) return null;
  return (
    <div className="mb-4 flex min-h-7 flex-wrap items-center gap-x-2 gap-y-1.5">
      {presets.length > 0 && <span className="text-ink-muted text-sm">Presets</span>}
      {presets.map((preset) => (
        <Link
          key={preset.name}
          to={paths.trialOfPreset(tenant, preset, returnTo)}
          replace
          className="max-w-56 truncate rounded-full border border-line-strong bg-surface px-2.5 py-0.5 text-sm hover:border-accent hover:text-accent"
        >
          {preset.name} <span className="text-ink-muted">{`${preset.days} days`}</span>
        </Link>
      ))}
      {kept && (
        <TextLink to={paths.trialPresetNew(hydrated ? kept.features : [], hydrated ? kept.days : undefined)} className="ml-auto text-xs">
          {hydrated && kept.features.length > 0 ? "Save this choice as a preset" : "New preset"}
        </TextLink>
      )}
    </div>
  );
}
