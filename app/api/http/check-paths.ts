// The URLs of checks, which the router, cross-origin rules, load shedding and the quick path agree on.

export const entitlementsPath = "/api/entitlements";
export const streamPath = "/api/stream";
export const ofrepStreamPath = "/ofrep/v1/stream";
export const evaluateAllPath = "/ofrep/v1/evaluate/flags";
/** Followed by the flag. */
export const evaluateOnePath = `${evaluateAllPath}/`;

const checkPattern = new RegExp(`^(${entitlementsPath}|/ofrep/v1/evaluate)\\b`);

/** True for the URL of a check, also of one that no route answers. */
export const isCheckUrl = (url: string): boolean => checkPattern.test(url);
