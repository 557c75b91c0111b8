/** Two columns of text: what the host does on the left, what the container does on the right. */

const LEFT = 44;
const WIDTH = 120;

/** One row: what is too long for its column goes on below. */
export function columns(left: string, right: string): string[] {
  const lefts = wrap(left, LEFT - 2);
  const rights = wrap(right, WIDTH - LEFT);
  return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, index) =>
    `${(lefts[index] ?? '').padEnd(LEFT)}${rights[index] ?? ''}`.trimEnd(),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
