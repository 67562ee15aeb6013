/** "plan.entries_changed" becomes "Plan entries changed". */
export function actionWords(action: string): string {
  const words = action.replace(/[._]/g, " ").replace(/\bapi\b/, "API");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
