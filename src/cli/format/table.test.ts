import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTable } from './table.ts';

const running = new AbortController().signal;

/** Cells of a few characters, of one line or more, some of them as wide as two. */
const cell = fc.array(fc.constantFrom('a', ' ', '日', 'é', '\n'), { maxLength: 5 });

describe('a table', () => {
  it('has columns that begin below their heads, or end there, and no blanks at the ends of lines', async () => {
    const table = await formatTable(
      {
        head: ['Name', 'Size', 'From'],
        alignment: ['left', 'right', 'left'],
        rows: [
          ['Data', '12 MB', ''],
          ['catalog', '1 MB', 'here'],
        ],
      },
      running,
    );
    expect(table.split('\n')).toEqual([
      ' Name       Size   From',
      ' Data      12 MB',
      ' catalog    1 MB   here',
    ]);
  });

  it('shows all lines of a cell, beside the first lines of the others', async () => {
    const rows = [['storages', 'one\ntwo\nthree', 'here']];
    const table = await formatTable({ head: ['', 'Value', 'From'], rows }, running);
    expect(table.split('\n')).toEqual([
      '            Value   From',
      ' storages   one     here',
      '            two',
      '            three',
    ]);
  });

  it('counts the columns that a character takes', async () => {
    const rows = [
      ['日本', 'x'],
      ['ab', 'y'],
    ];
    expect((await formatTable({ head: ['', ''], rows }, running)).split('\n')).toEqual([
      '',
      ' 日本   x',
      ' ab     y',
    ]);
  });

  it('has as many lines as the highest cells of its rows', async () => {
    const words = cell.map((characters) => characters.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(words, words)), async (rows) => {
        const table = await formatTable({ head: ['A', 'B'], rows }, running);
        const heights = rows.map((row) => Math.max(...row.map((one) => one.split('\n').length)));
        expect(table.split('\n')).toHaveLength(heights.reduce((sum, one) => sum + one, 1));
      }),
    );
  });

  it('stops in the middle when somebody wants to stop', async () => {
    const controller = new AbortController();
    let asked = 0;
    const rows = function* () {
      for (; asked < 100_000; asked++) yield ['a', 'b'];
    };
    const made = formatTable({ head: ['A', 'B'], rows: rows() }, controller.signal);
    setImmediate(() => controller.abort(new Error('stopped')));
    await expect(made).rejects.toThrow('stopped');
    expect(asked).toBeLessThan(100_000);
  });
});
