/** True if the database is unreachable or locked, so that a failed read is not an error of ours. */
export { isOutOfConnections, isReadOnly, isUnavailable } from "~db/unavailable";
