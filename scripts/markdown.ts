/** Markdown as the generated pages have it: tables, and text of 120 columns. */

export const WIDTH = 120;

export const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
export const table = (...heads: readonly string[]): string => row(...heads) + row(...heads.map(() => '---'));

/** The text in lines, each behind `prefix`, the first one behind `first`. Code and links stay in one piece. */
export function wrapped(text: string, prefix = '', first = prefix): string {
  const words = text.match(/(?:`[^`]*`|\{@[^}]*\}|\[[^\]]*\]\([^)]*\)|\S)+/g) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && `${prefix}${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one, index) => `${index === 0 ? first : prefix}${one}`).join('\n');
}
