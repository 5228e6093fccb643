/** A text from a workflow on one line, without the control characters that could steer a terminal. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
