import * as v from 'valibot';
import type { TomlKind } from './toml-options.ts';

/** The text that the recipe would have for it, or what to write instead. */
export type TomlText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'wrong'; readonly why: string };

const Storages = v.array(
  v.strictObject({
    name: v.string(),
    datafs: v.optional(v.string()),
    blob_storage: v.optional(v.string()),
  }),
);

const Sources = v.array(
  v.strictObject({
    name: v.optional(v.string(), 'Data'),
    location: v.string(),
    blobbackuplocation: v.optional(v.string()),
  }),
);

/** Which options there are, and what they can be, is judged where the lines are read. */
const Copy = v.union([
  v.string(),
  v.objectWithRest(
    { url: v.string() },
    v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]),
  ),
]);
const Copies = v.union([Copy, v.array(Copy)]);

/** A value in the words of the recipe, which resolves it. */
export function textOfToml(value: unknown, kind: TomlKind): TomlText {
  switch (kind) {
    case 'flag':
      return typeof value === 'boolean' ? text(String(value)) : wrong('write true or false');
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0
        ? text(String(value))
        : wrong('a whole number from 0, which means all');
    case 'span':
    case 'path':
    case 'text':
      return typeof value === 'string' ? text(value) : wrong('write a string, in quotes');
    case 'words':
    case 'commands': {
      if (typeof value === 'string') return text(value);
      const result = v.safeParse(v.array(v.string()), value);
      if (!result.success) return wrong('write a string, or an array of strings');
      const pieces = result.output;
      return text(kind === 'words' ? pieces.map(quoted).join(' ') : pieces.join('\n'));
    }
    case 'storages': {
      const result = v.safeParse(Storages, value);
      const lines = result.success ? result.output : undefined;
      if (lines?.some(({ datafs, blob_storage: blobs }) => blobs !== undefined && !datafs)) {
        return wrong('a blob_storage needs its datafs');
      }
      return linesOf(
        lines?.map((one) => [one.name, one.datafs, one.blob_storage]),
        {
          otherwise: 'write tables with name, datafs and blob_storage',
        },
      );
    }
    case 'sources': {
      const result = v.safeParse(Sources, value);
      const lines = result.success ? result.output : undefined;
      return linesOf(
        lines?.map((one) => [one.name, one.location, one.blobbackuplocation]),
        {
          otherwise: 'write tables with name, location and blobbackuplocation',
        },
      );
    }
    case 'copies': {
      const result = v.safeParse(Copies, value);
      const copies = result.success ? [result.output].flat() : undefined;
      return linesOf(copies?.map(copyWords), {
        otherwise: 'write strings, or tables with url and options',
      });
    }
    default:
      return typeof value === 'string' && kind.includes(value)
        ? text(value)
        : wrong(`it can be ${kind.map((word) => `"${word}"`).join(', ')}`);
  }
}

function copyWords(copy: v.InferOutput<typeof Copy>): readonly string[] {
  if (typeof copy === 'string') return [copy];
  const { url, ...options } = copy;
  return [url, ...Object.entries(options).map(([name, option]) => `${name}=${option}`)];
}

function linesOf(
  lines: readonly (readonly (string | undefined)[])[] | undefined,
  { otherwise }: { readonly otherwise: string },
): TomlText {
  if (lines === undefined) return wrong(otherwise);
  const written = lines.map((line) => line.flatMap((word) => word ?? []));
  if (written.flat().some((word) => word.includes('\n'))) return wrong('no line breaks in it');
  return text(written.map((line) => line.map(quoted).join(' ')).join('\n'));
}

/** As the recipe's lines hold a word together. */
function quoted(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}

function text(words: string): TomlText {
  return { kind: 'text', text: words };
}

function wrong(why: string): TomlText {
  return { kind: 'wrong', why };
}
