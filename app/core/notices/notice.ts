import type { Instant } from "~/core/model";
import { eventSentence } from "~/core/webhooks/event-sentence";
import type { WebhookEventType } from "~/core/webhooks/event-types";
import type { HookEvent } from "~/core/webhooks/hook-event";
import { type NoticeKind, noticeKinds, noticeOfEvent } from "./notice-rules";

/** `about`: the tenant, feature, key or endpoint that its page shows, by `kind`. Null: the list of all. */
export type NewNotice = { kind: NoticeKind; at: Instant; text: string; about: string | null };

/** Notices of one kind in one batch, beyond which they become one that counts them. */
const maxNoticesOfKind = 20;

export function noticesOfEvents(events: readonly HookEvent[], kinds: ReadonlySet<NoticeKind>): NewNotice[] {
  return events.flatMap((event): NewNotice[] => {
    const kind = noticeOfEvent[event.type as WebhookEventType];
    if (kind === undefined || !kinds.has(kind) || isOverride(event)) return [];
    return [{ kind, at: event.at, text: eventSentence(event), about: event.tenant ?? featureIn(event) }];
  });
}

function isOverride({ data }: HookEvent): boolean {
  return (data.grant as { kind?: string } | undefined)?.kind === "override";
}

const featureIn = ({ data }: HookEvent): string | null => (data.feature as { key?: string } | undefined)?.key ?? null;

const joinedText = (kind: NoticeKind, count: number) => `${noticeKinds[kind].label}: ${count.toLocaleString("en")} times.`;

/** How many notices one stands for, or null if it is about a single thing. */
export function joinedCount({ kind, text, about }: Pick<NewNotice, "kind" | "text" | "about">): number | null {
  const count = Number(text.match(/: ([\d,]+) times\.$/)?.[1]?.replaceAll(",", ""));
  return about === null && text === joinedText(kind, count) ? count : null;
}

/**
 * Many notices of one kind become one, so that an import or a busy hour does not bury the others. `earlier`: counts of
 * recent joined notices, which the new ones replace.
 */
export function joinManyNotices(notices: readonly NewNotice[], earlier: ReadonlyMap<NoticeKind, number> = new Map()): NewNotice[] {
  const byKind = new Map<NoticeKind, NewNotice[]>();
  for (const notice of notices) {
    const list = byKind.get(notice.kind);
    if (list) list.push(notice);
    else byKind.set(notice.kind, [notice]);
  }
  return [...byKind.values()].flatMap((list) => {
    const last = list.at(-1) as NewNotice;
    const count = list.length + (earlier.get(last.kind) ?? 0);
    return count <= maxNoticesOfKind ? list : [{ ...last, text: joinedText(last.kind, count), about: null }];
  });
}
