/** Whether the database is gone or held, for those who answer: a read that fails so is no failure of ours. */
export { isOutOfConnections, isReadOnly, isUnavailable } from "~db/unavailable";
