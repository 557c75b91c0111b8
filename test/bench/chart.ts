/** Bars of what one container takes, side by side, as SVG. */

import { titleOf } from './report.js';
import type { Results } from './results.js';

const [WIDTH, LABEL, BAR, LINE, TOP] = [760, 290, 360, 26, 44];
const [OWN, OTHER] = ['#0b7285', '#adb5bd'];

export function chart({ starts }: Results): string {
  const bars = starts
    .filter(({ pace }) => pace === 'rested')
    .filter(({ name, held }) => (held.kind === 'small' || held.kind === 'none') && !/ (run|execFile)$/.test(name))
    .map(({ name, totalNs }) => ({ name: titleOf(name), ms: totalNs.median / 1e6, own: name.startsWith('carrel') }))
    .sort((one, other) => one.ms - other.ms);
  const most = Math.max(...bars.map(({ ms }) => ms));
  // From a tenth of a millisecond on: the others take from one to several hundred.
  const width = (ms: number): number => Math.max(2, (Math.log10(ms / 0.1) / Math.log10(most / 0.1)) * BAR);
  const lines = bars.map(({ name, ms, own }, index) => {
    const y = TOP + index * LINE;
    return [
      `  <text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`,
      `  <rect x="${LABEL}" y="${y}" width="${width(ms).toFixed(1)}" height="18" fill="${own ? OWN : OTHER}"/>`,
      `  <text x="${(LABEL + width(ms) + 6).toFixed(1)}" y="${y + 14}">${ms.toFixed(ms < 10 ? 2 : 0)} ms</text>`,
    ].join('\n');
  });
  const height = TOP + bars.length * LINE + 12;
  const frame = `viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${frame}>
  <title>Time of one container, median, from the call to the end of true; logarithmic</title>
  <rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
  <text x="${LABEL}" y="24" font-weight="bold">one container, start to end of true: median, logarithmic</text>
${lines.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
