import picocolors from 'picocolors';

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'bold';

/** Words of a line that are to be seen first. */
export interface Emphasis {
  readonly good?: readonly string[];
  readonly poor?: readonly string[];
  readonly bad?: readonly string[];
}

/** Paints words for a stream, or leaves them as they are. */
export interface Paint {
  readonly word: (text: string, colour: Colour) => string;
  readonly line: (text: string, emphasis: Emphasis) => string;
}

/**
 * Colours where the stream is a terminal that has them. Any value of `NO_COLOR` (no-color.org),
 * `NODE_DISABLE_COLORS`, and `TERM=dumb` switch them off: Node knows these.
 */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colours = picocolors.createColors(stream.isTTY === true && stream.hasColors());
  const word: Paint['word'] = (text, colour) => colours[colour](text);
  return {
    word,
    line: (text, { good = [], poor = [], bad = [] }) => {
      const colourOf = (found: string): Colour =>
        bad.includes(found) ? 'red' : poor.includes(found) ? 'yellow' : 'green';
      const words = [...bad, ...poor, ...good];
      if (words.length === 0) return text;
      const pattern = new RegExp(`(?<!\\w)(?:${words.join('|')})(?!\\w)`, 'g');
      return text.replace(pattern, (found) => word(found, colourOf(found)));
    },
  };
}
