import type { Random } from './random.ts';

const SYLLABLES = [
  ...['a', 'be', 'con', 'da', 'el', 'for', 'ga', 'hi', 'in', 'jo', 'ka', 'la', 'mer', 'no', 'or'],
  ...['pa', 'qui', 'ra', 'so', 'ta', 'un', 'ver', 'wi', 'ya', 'zé', 'ström', 'ou', 'che', 'ling'],
] as const;

const VOCABULARY_SIZE = 5000;

/** Made-up words: short ones first, as the frequent words of a language are. */
const VOCABULARY = Array.from({ length: VOCABULARY_SIZE }, (_, rank) => {
  let word = '';
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length];
  }
  return word;
});

/** Some words, the first with a capital. */
export function title(random: Random): string {
  const text = words(random, 2 + random.below(4));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Paragraphs of about this many characters in all. */
export function bodyText(random: Random, length: number): string {
  const paragraphs: string[] = [];
  let left = length;
  while (left > 0) {
    const paragraph = `<p>${title(random)} ${words(random, 20 + random.below(60))}.</p>`;
    paragraphs.push(paragraph);
    left -= paragraph.length;
  }
  return paragraphs.join('\n');
}

/** Lower-case words with blanks between them. */
export function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => word(random)).join(' ');
}

/** A word, the n-th of the vocabulary with a frequency of about 1/n (Zipf's law). */
function word(random: Random): string {
  const rank = Math.floor(VOCABULARY_SIZE ** random.next()) - 1;
  return VOCABULARY[rank] ?? 'a';
}
