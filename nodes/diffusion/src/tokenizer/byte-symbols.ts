/**
 * One printable character for each byte (GPT-2's table, Radford et al. 2019): Latin-1's printable ones stand for
 * themselves, the others for the characters from U+0100 on, in order.
 */
export const BYTE_SYMBOLS: readonly string[] = (() => {
  let others = 0x100;
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : others++));
})();
