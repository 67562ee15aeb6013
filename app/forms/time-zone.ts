import { timeZoneNamed } from "~/core/zoned-time";

const pattern = /(?:^|;\s*)time_zone=([^;\s]+)/;

/** The reader's time zone, which the browser put into a cookie, or null if it is not known yet. */
export const readTimeZone = (cookieHeader: string | null): string | null => {
  const value = cookieHeader?.match(pattern)?.[1];
  return value === undefined ? null : timeZoneNamed(value);
};

/** Written by the browser's script. Kept for a year. */
export const timeZoneCookie = (zone: string) => `time_zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
