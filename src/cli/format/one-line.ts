/** What would steer a terminal, begin a line, or show text in another order than it has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Somebody else's words in one line of a table. White space between words is one blank; whatever else
 * would steer a terminal comes out as `\x1b`.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[ \t\r\n]+/g, ' ')
    .trim()
    .replace(STEERING, (character) => {
      const code = character.charCodeAt(0).toString(16);
      return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
    });
}

/** The same, cut where it is longer than `width` characters. */
export function oneLineWithin(text: string, width: number): string {
  const line = oneLine(text);
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
