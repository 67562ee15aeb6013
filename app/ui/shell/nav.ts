import {
  Building2,
  ChartColumn,
  FileUp,
  Flag,
  Hourglass,
  House,
  KeyRound,
  Layers,
  type LucideIcon,
  RefreshCw,
  ScrollText,
  ToggleRight,
  Users,
} from "lucide-react";
import { paths } from "~/paths";

/** `shortcut`: the key after g. `also`: other words that find the page. */
export type NavItem = { label: string; to: string; icon: LucideIcon; shortcut: string; also?: string };
export type NavGroup = { heading: string | null; items: NavItem[] };

const posthog: NavItem = { label: "PostHog", to: paths.posthog(), icon: RefreshCw, shortcut: "o", also: "sync groups" };

/** PostHog has a page only if it is configured. */
export const navGroups = (hasPosthog: boolean): NavGroup[] => [
  {
    heading: null,
    items: [
      { label: "Home", to: paths.home(), icon: House, shortcut: "h", also: "start overview" },
      { label: "Tenants", to: paths.tenants(), icon: Building2, shortcut: "t", also: "customers" },
      { label: "Trials", to: paths.trials(), icon: Hourglass, shortcut: "r", also: "grants" },
      { label: "Usage", to: paths.usage(), icon: ChartColumn, shortcut: "u", also: "limits demand consumption" },
    ],
  },
  {
    heading: "Catalogue",
    items: [
      { label: "Plans", to: paths.plans(), icon: Layers, shortcut: "p", also: "add-ons" },
      { label: "Features", to: paths.features(), icon: ToggleRight, shortcut: "f" },
      { label: "Flags", to: paths.flags(), icon: Flag, shortcut: "l" },
    ],
  },
  {
    heading: null,
    items: [{ label: "Activity", to: paths.audit(), icon: ScrollText, shortcut: "a", also: "audit log history" }],
  },
  {
    heading: "Settings",
    items: [
      { label: "API keys", to: paths.keys(), icon: KeyRound, shortcut: "k", also: "tokens" },
      { label: "People", to: paths.admins(), icon: Users, shortcut: "e", also: "admins users" },
      { label: "Import/export", to: paths.importCatalogue(), icon: FileUp, shortcut: "i", also: "catalogue file yaml" },
      ...(hasPosthog ? [posthog] : []),
    ],
  },
];

export const navItems = (hasPosthog: boolean): NavItem[] => navGroups(hasPosthog).flatMap(({ items }) => items);
