/**
 * Splits text into words at blanks. Quotes of either kind hold a word together, and a backslash
 * takes away a character's meaning, as in a shell; nothing else has a meaning. Undefined where a
 * quote isn't closed.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let position = 0; position < text.length; position++) {
    const character = text[position] ?? '';
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'" && position + 1 < text.length) {
      position += 1;
      word = (word ?? '') + text[position];
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}
