// Apart from the schemas, because pages import it into the browser.

/** Lengths that forms offer, in days; `own`: a date. */
export const trialLengths = ["7", "14", "30", "own"] as const;
