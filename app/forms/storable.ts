/** PostgreSQL keeps no NUL in text, and half of a surrogate pair comes back as another character. */
export const unstorable = /\0|\p{Surrogate}/u;
