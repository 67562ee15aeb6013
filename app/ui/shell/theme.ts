export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const isTheme = (value: unknown): value is Theme => themes.includes(value as Theme);
export const themeFrom = (value: unknown): Theme => (isTheme(value) ? value : "system");

export const readTheme = (cookieHeader: string | null): Theme => themeFrom(cookieHeader?.match(/(?:^|;\s*)theme=(\w+)/)?.[1]);

/** Kept for a year; JavaScript never reads it. */
export const themeCookie = (theme: Theme) => `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly`;
