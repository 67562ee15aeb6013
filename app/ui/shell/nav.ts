import {
  Building2,
  ChartColumn,
  FileUp,
  Flag,
  FlaskConical,
  Grid3x3,
  Hourglass,
  House,
  Inbox,
  KeyRound,
  Layers,
  ListChecks,
  type LucideIcon,
  RefreshCw,
  ScrollText,
  Server,
  ShieldCheck,
  ToggleRight,
  Users,
  Webhook,
} from "lucide-react";
import { type Act, mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";

/** `shortcut`: the key after g. `also`: other words that find the page. `act`: what the page needs, if not all may. */
export type NavItem = { label: string; to: string; icon: LucideIcon; shortcut: string; also?: string; act?: Act };
export type NavGroup = { heading: string | null; items: NavItem[] };

const posthog: NavItem = { label: "PostHog", to: paths.posthog(), icon: RefreshCw, shortcut: "o", also: "sync groups" };

/** PostHog has a page only if it is configured. */
const allGroups = (hasPosthog: boolean): NavGroup[] => [
  {
    heading: null,
    items: [
      { label: "Home", to: paths.home(), icon: House, shortcut: "h", also: "start overview" },
      { label: "Tenants", to: paths.tenants(), icon: Building2, shortcut: "t", also: "customers" },
      { label: "Trials", to: paths.trials(), icon: Hourglass, shortcut: "r", also: "grants" },
      { label: "Requests", to: paths.requests(), icon: Inbox, shortcut: "q", also: "inbox ask approve approvals" },
      { label: "Usage", to: paths.usage(), icon: ChartColumn, shortcut: "u", also: "limits demand consumption compare" },
      { label: "Matrix", to: paths.matrix([]), icon: Grid3x3, shortcut: "m", also: "tenants features grid table" },
    ],
  },
  {
    heading: "Catalogue",
    items: [
      { label: "Plans", to: paths.plans(), icon: Layers, shortcut: "p", also: "add-ons" },
      { label: "Features", to: paths.features(), icon: ToggleRight, shortcut: "f" },
      { label: "Flags", to: paths.flags(), icon: Flag, shortcut: "l" },
      { label: "Playground", to: paths.playground(), icon: FlaskConical, shortcut: "y", also: "try check decide explain rules" },
    ],
  },
  {
    heading: null,
    items: [
      { label: "Activity", to: paths.audit(), icon: ScrollText, shortcut: "a", also: "audit log history" },
      { label: "Jobs", to: paths.jobs(), icon: ListChecks, shortcut: "j", also: "bulk background progress" },
    ],
  },
  {
    heading: "Settings",
    items: [
      { label: "API keys", to: paths.keys(), icon: KeyRound, shortcut: "k", also: "tokens" },
      {
        ...{ label: "Webhooks", to: paths.webhooks(), icon: Webhook, shortcut: "w", also: "events slack notifications deliveries" },
        act: "webhooks.change",
      },
      {
        label: "Guard rails",
        to: paths.rails(),
        icon: ShieldCheck,
        shortcut: "d",
        also: "limits of trials",
        act: "rails.change",
      },
      { label: "People", to: paths.admins(), icon: Users, shortcut: "e", also: "admins users" },
      { label: "Import/export", to: paths.importCatalogue(), icon: FileUp, shortcut: "i", also: "catalogue file yaml" },
      ...(hasPosthog ? [posthog] : []),
      { label: "System", to: paths.system(), icon: Server, shortcut: "s", also: "health version memory environment", act: "system.read" },
    ],
  },
];

/** Without the pages that the role may not open. */
export function navGroups(hasPosthog: boolean, role: Role): NavGroup[] {
  const mayOpen = ({ act }: NavItem) => act === undefined || mayAct(role, act);
  return allGroups(hasPosthog).map((group) => ({ ...group, items: group.items.filter(mayOpen) }));
}

export const navItems = (hasPosthog: boolean, role: Role): NavItem[] => navGroups(hasPosthog, role).flatMap(({ items }) => items);
