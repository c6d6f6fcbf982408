import xterm from '@xterm/headless';
import { html, type Markup } from '../../src/cli/render/report/markup.ts';

/** A piece of a line whose characters look the same. */
interface Run {
  readonly column: number;
  text: string;
  readonly colour: string | undefined;
  readonly isBold: boolean;
}

/** Colours of a terminal, 0 to 7, on a dark ground. */
const PALETTE = [
  ...['#484f58', '#ff7b72', '#7ee787', '#e3b341'],
  ...['#79c0ff', '#d2a8ff', '#56d4dd', '#e6edf3'],
];
const GROUND = '#0d1117';
const INK = '#e6edf3';
const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
/** In pixels. Letters of these fonts are 0.6 times as wide as they are high. */
const LETTER = { size: 13, width: 7.8, line: 19 } as const;
const MARGIN = 18;
/** Enough for all lines: what scrolls out of the screen would be lost. */
const ROWS = 1000;

/** An SVG of what a terminal shows that has got these bytes, escape sequences and all. */
export async function drawTerminal(
  bytes: string,
  { columns, title }: { readonly columns: number; readonly title: string },
): Promise<string> {
  const lines = await linesOnScreen(bytes, columns);
  const width = Math.ceil(columns * LETTER.width + 2 * MARGIN);
  const height = lines.length * LETTER.line + 2 * MARGIN;
  const texts = lines.flatMap((line, row) => line.map((run) => drawRun(run, row)));
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>
<g font-family="${FONT}" font-size="${LETTER.size}" xml:space="preserve">
${texts}
</g>
</svg>
`;
  return picture.text;
}

/** The lines down to that of the cursor. */
async function linesOnScreen(bytes: string, columns: number): Promise<readonly (readonly Run[])[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows: ROWS, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.cursorY + 1 }, (_, row) => runsIn(active.getLine(row)));
  terminal.dispose();
  return lines;
}

function runsIn(line: xterm.IBufferLine | undefined): readonly Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < (line?.length ?? 0); column++) {
    const cell = line?.getCell(column);
    // The second half of a wide character has none of its own.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || ' ';
    const colour = cell.isFgPalette() ? PALETTE[cell.getFgColor()] : undefined;
    const isBold = cell.isBold() !== 0;
    const last = runs.at(-1);
    if (last !== undefined && last.colour === colour && last.isBold === isBold) last.text += text;
    else runs.push({ column, text, colour, isBold });
  }
  return runs.filter(({ text }) => text.trim() !== '').map(withoutMargins);
}

/** Blanks at the beginning of a text aren't drawn everywhere. */
function withoutMargins(run: Run): Run {
  const text = run.text.trim();
  return { ...run, text, column: run.column + run.text.indexOf(text) };
}

/** The length makes every font fill its columns. */
function drawRun({ column, text, colour = INK, isBold }: Run, row: number): Markup {
  const x = (MARGIN + column * LETTER.width).toFixed(1);
  const y = MARGIN + row * LETTER.line + LETTER.size;
  const length = ([...text].length * LETTER.width).toFixed(1);
  const weight = isBold ? 'bold' : 'normal';
  return html`<text x="${x}" y="${y}" textLength="${length}" fill="${colour}" font-weight="${weight}">${text}</text>`;
}
