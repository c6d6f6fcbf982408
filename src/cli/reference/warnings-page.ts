import type { Warning } from '../../operations/run/warnings/warning.ts';
import { exampleOf, factsOf, sentenceOf, WARNING_CODES } from '../render/warnings/sentence.ts';

/** docs/reference/warnings.md: every code of a warning with an example, as Markdown. */
export function formatWarningsPage(): string {
  return `${INTRODUCTION}\n${WARNING_CODES.map((code) => formatEntry(exampleOf(code))).join('\n')}`;
}

function formatEntry(example: Warning): string {
  const names = Object.keys(factsOf(example).values).sort();
  const values = names.map((name) => `\`${name}\``).join(', ');
  const level = example.kind === 'warning' ? 'Warning' : 'Notice';
  return `## ${example.code}\n\n${level}. Values: ${values}.\n\n> ${sentenceOf(example)}\n`;
}

const INTRODUCTION = `# Warnings

A run says two kinds of things that people should read. A warning: somebody should look into it, and the exit status
is 3. A notice: it was put right, or is only worth knowing, and the exit status does not tell.

Each has a code. With \`--log-format json\`, the line has \`level\` (\`warning\` or \`notice\`), \`code\`, \`values\` and
\`message\`. Programs should go by code and values: these stay, and the sentences may become better. Of a long list of
paths, \`paths\` has the first 100, and \`count\` says how many there are. A value that is not known is absent.

Each example below is what zodbvault says for made-up values.

<!-- Made by "npm run pages" from src/cli/render/warnings. -->
`;
