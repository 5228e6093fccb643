/** Whether a text has a UTF-8 form: no half of a surrogate pair stands alone. ES2024, which Node 20 has and ES2023's types lack. */
export const wellFormed = (text: string): boolean => (text as string & { isWellFormed: () => boolean }).isWellFormed();
