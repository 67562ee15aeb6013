import type { GrantKind } from "./model";
import { listWords } from "./text";

/** Roles of people, in the order of what they may do, least first. */
export const roles = ["viewer", "support", "admin", "owner"] as const;
export type Role = (typeof roles)[number];

/** Scopes of API keys: the roles of programs. */
export const apiScopes = ["check", "usage", "manage"] as const;
export type ApiScope = (typeof apiScopes)[number];

type Permission = {
  /** What it allows; completes "You may …". */
  what: string;
  people: readonly Role[];
  programs: readonly ApiScope[];
};

const all = roles;
const fromSupport = ["support", "admin", "owner"] as const;
const fromAdmin = ["admin", "owner"] as const;
const nobody = [] as const;

/**
 * Who may do what. Pages read it to show, actions and the API to refuse, and every write checks its act again in its
 * transaction. docs/decisions/0056-permissions.md
 */
const permissions = {
  read: { what: "see everything", people: all, programs: ["manage"] },
  "data.export": { what: "export the catalogue and tenants", people: all, programs: ["manage"] },
  "system.read": { what: "see the state of the system", people: fromAdmin, programs: nobody },
  "account.change": { what: "change their own password, sessions and columns of lists", people: all, programs: nobody },
  "views.change": { what: "save and delete views of lists for all", people: fromAdmin, programs: nobody },
  "trials.grant": { what: "grant trials", people: fromSupport, programs: ["manage"] },
  "trials.extend": { what: "extend trials", people: fromSupport, programs: ["manage"] },
  "trials.end": { what: "end trials", people: fromSupport, programs: ["manage"] },
  "requests.ask": { what: "ask for features and trials", people: fromSupport, programs: ["check", "manage"] },
  "requests.approve": { what: "grant and refuse what others ask for beyond guard rails", people: fromAdmin, programs: nobody },
  "presets.change": { what: "keep and delete presets of trials", people: fromAdmin, programs: nobody },
  "rails.change": { what: "change guard rails", people: fromAdmin, programs: nobody },
  "approvals.change": { what: "choose what needs a second person", people: ["owner"], programs: nobody },
  "overrides.change": { what: "set, extend and end overrides", people: fromAdmin, programs: ["manage"] },
  "tenants.change": { what: "create and change tenants", people: fromAdmin, programs: ["manage"] },
  "catalogue.change": { what: "change plans and features", people: fromAdmin, programs: ["manage"] },
  "data.import": { what: "import files", people: fromAdmin, programs: ["manage"] },
  "posthog.change": { what: "change what PostHog receives", people: fromAdmin, programs: ["manage"] },
  "keys.change": { what: "create, rotate and revoke API keys", people: fromAdmin, programs: nobody },
  "webhooks.change": { what: "create, change and test webhooks", people: fromAdmin, programs: nobody },
  "notices.change": { what: "choose the notices that people get", people: fromAdmin, programs: nobody },
  "people.change": { what: "invite people and change their roles", people: ["owner"], programs: nobody },
  "checks.ask": { what: "check entitlements", people: nobody, programs: ["check"] },
  "tokens.mint": { what: "create browser tokens", people: nobody, programs: ["check", "manage"] },
  "usage.report": { what: "report usage", people: nobody, programs: ["usage"] },
} as const satisfies { [act: string]: Permission };

export type Act = keyof typeof permissions;
export const acts = Object.keys(permissions) as Act[];
const permissionOf = (act: Act): Permission => permissions[act];

export const mayAct = (role: Role, act: Act): boolean => permissionOf(act).people.includes(role);

/** Scopes that allow at least one of the acts. A key needs one of them. */
export const scopesFor = (asked: readonly Act[]): readonly ApiScope[] =>
  apiScopes.filter((scope) => asked.some((act) => permissionOf(act).programs.includes(scope)));

/** The act of changing a grant of this kind. */
export const actOnGrant = (what: "grant" | "extend" | "end", kind: GrantKind): Act =>
  kind === "override" ? "overrides.change" : (`trials.${what}` as const);

/** "grant trials" */
export const describeAct = (act: Act): string => permissionOf(act).what;

/** The sentence for a person whose role does not allow an act. */
export function roleNeeded(act: Act): string {
  const { what, people } = permissionOf(act);
  return `You need the role ${listWords(people, "or")} to ${what}. Ask an owner for it.`;
}
