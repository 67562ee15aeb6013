/** Replaces a secret. */
export const hidden = "hidden";

// Each pattern can match only at the start of a run of its characters, so masking takes linear time even on hostile input.
const patterns: [RegExp, string][] = [
  [/\b(lk_live_|ph[cxs]_)[A-Za-z0-9_-]{4,}/g, `$1${hidden}`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${hidden}`],
  [/(?<![\w-])(?=[\w-]*\beyJ)[\w-]+\.[\w-]+\.[\w-]*/g, hidden],
  // In a URL with credentials, such as a DATABASE_URL.
  [/((?<![a-z0-9+.-])[a-z0-9+.-]+:\/\/)[^\s/@]+@/gi, `$1${hidden}@`],
  // Password, token and their like, as they stand in queries, JSON, headers and source code.
  [
    /(?<![\w-])((?=[\w-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key))[\w-]+["']?\s*[:=]\s*)("[^"]*"|'[^']*'|`[^`]*`|[^\s,;&})\]]+)/gi,
    `$1${hidden}`,
  ],
  // Our own one-time links, sessions and cookies: 256 bits in base64url.
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, hidden],
];

/** Masks secrets in text shown to others. */
export function maskSecrets(text: string): string {
  return patterns.reduce((masked, [pattern, instead]) => masked.replace(pattern, instead), text);
}
