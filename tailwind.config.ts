import type { Config } from "tailwindcss";

const toned = (name: string) => ({ DEFAULT: `var(--${name})`, soft: `var(--${name}-soft)` });

// All colours. Each is a variable of app/tailwind.css with a light and a dark value.
export default {
  content: ["./app/**/*.{ts,tsx}"],
  theme: {
    colors: {
      transparent: "transparent",
      current: "currentColor",
      white: "#ffffff",
      canvas: "var(--canvas)",
      surface: "var(--surface)",
      sunken: "var(--sunken)",
      line: { DEFAULT: "var(--line)", strong: "var(--line-strong)" },
      ink: { DEFAULT: "var(--ink)", muted: "var(--ink-muted)", faint: "var(--ink-faint)" },
      accent: { ...toned("accent"), hover: "var(--accent-hover)", on: "var(--accent-on)" },
      danger: { DEFAULT: "var(--danger)", hover: "var(--danger-hover)", on: "var(--danger-on)" },
      yes: { ...toned("yes"), bold: "var(--yes-bold)" },
      no: { ...toned("no"), bold: "var(--no-bold)" },
      warn: { ...toned("warn"), bold: "var(--warn-bold)" },
      trial: toned("trial"),
      override: toned("override"),
      flag: toned("flag"),
    },
    extend: {
      fontFamily: {
        sans: ["Inter", "-apple-system", "BlinkMacSystemFont", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif"],
        mono: ["ui-monospace", "SFMono-Regular", "SF Mono", "Menlo", "Consolas", "Liberation Mono", "DejaVu Sans Mono", "monospace"],
      },
      borderRadius: { control: "0.375rem", card: "0.625rem" },
      keyframes: { progress: { from: { transform: "translateX(-100%)" }, to: { transform: "translateX(300%)" } } },
      animation: { progress: "progress 1.1s ease-in-out infinite" },
      boxShadow: { card: "var(--shadow-card)", float: "var(--shadow-float)" },
    },
  },
} satisfies Config;
