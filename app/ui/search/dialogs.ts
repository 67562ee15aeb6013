// One file of the build, which pages load when one of the two is opened.
export { Palette } from "./palette";
export { ShortcutSheet } from "./shortcut-sheet";
