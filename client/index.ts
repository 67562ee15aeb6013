export type { Answer, Decision, Entitlement, From, Json, PosthogGroups, Source } from "./answer.js";
export type { LatchkeyError } from "./errors.js";
export type { FastifyReplyLike, Guard, NodeResponse, Problem, RequireOptions } from "./guard.js";
export { createLatchkey, type Latchkey, type LatchkeyOptions } from "./latchkey.js";
