import { createContext, useContext } from "react";

/** The zone in which times are shown. `isKnown` is false until the browser has named its own, and UTC is shown. */
export type ShownZone = { name: string; isKnown: boolean };

export const TimeZoneContext = createContext<ShownZone>({ name: "UTC", isKnown: false });
export const useTimeZone = () => useContext(TimeZoneContext);
