import { type ReactNode, useEffect, useState } from "react";
import { timeZoneNamed } from "~/core/zoned-time";
import { timeZoneCookie } from "~/forms/time-zone";
import { TimeZoneContext } from "~/ui/kit/time-zone";

/** Shows times in the zone of the cookie. A browser with another zone, or without the cookie, sets it for the next request. */
export function TimeZoneProvider({ zone, children }: { zone: string | null; children: ReactNode }) {
  const [known, setKnown] = useState(zone);
  useEffect(() => {
    const own = timeZoneNamed(Intl.DateTimeFormat().resolvedOptions().timeZone);
    if (own === null || own === known) return;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain HTTP.
    document.cookie = timeZoneCookie(own);
    setKnown(own);
  }, [known]);
  return <TimeZoneContext.Provider value={{ name: known ?? "UTC", isKnown: known !== null }}>{children}</TimeZoneContext.Provider>;
}
