/** Whether a text is a full address that begins with http:// or https://. */
export const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
