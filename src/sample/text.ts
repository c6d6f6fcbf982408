import type { Random } from './random.ts';

const WORDS = [
  ...['site', 'page', 'folder', 'meeting', 'report', 'season', 'garden', 'library', 'harbour'],
  ...['member', 'council', 'school', 'river', 'museum', 'market', 'summer', 'winter', 'evening'],
  ...['opens', 'closes', 'begins', 'ends', 'invites', 'shows', 'collects', 'renews', 'keeps'],
  ...[
    'the',
    'a',
    'its',
    'every',
    'this',
    'our',
    'new',
    'old',
    'small',
    'public',
    'quiet',
    'bright',
  ],
  ...['and', 'with', 'for', 'from', 'near', 'after', 'before', 'über', 'café', 'fête', 'in', 'on'],
] as const satisfies readonly [string, ...string[]];

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
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
}
