/**
 * What would steer a terminal, or show text in another order than it has: control characters but for
 * line ends and tabs, and the marks of Unicode that turn the direction of writing.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text for a terminal or a log. Names of files, users and classes are somebody else's words: what of them
 * would steer a terminal comes out as `\x1b`. In JSON, whose strings know no other, as `\u001b`.
 */
export function printable(text: string, form: 'text' | 'json' = 'text'): string {
  return text.replace(STEERING, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return form === 'text' && code.length <= 2
      ? `\\x${code.padStart(2, '0')}`
      : `\\u${code.padStart(4, '0')}`;
  });
}
