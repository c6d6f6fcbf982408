import { printable } from '../../terminal/printable.ts';

/** Text that is HTML already. Only {@link html} makes it. */
export interface Markup {
  readonly kind: 'markup';
  readonly text: string;
}

type Part = string | number | undefined | Markup | readonly Markup[];

/**
 * HTML from a template. Whatever is put into it, in elements and in quoted attributes, is text, unless
 * it was made by this function itself; undefined is nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const text = strings.map((piece, place) => piece + textOf(parts[place])).join('');
  return { kind: 'markup', text };
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part));
  return 'kind' in part ? part.text : part.map(({ text }) => text).join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
}
