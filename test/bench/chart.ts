/** What one container takes, as SVG: bars of what starts it, side by side, and lines of how that grows. */

import type { Growth, Results, Start } from './results.js';
import { titleOf } from './titles.js';

const [WIDTH, LABEL, BAR, LINE, TOP, GAP] = [760, 290, 360, 26, 44, 30];
/** The panel of lines: where it stands, and how high it is. */
const [LEFT, RIGHT, HEIGHT] = [70, 430, 200];
/** Texts below each other, at least. */
const APART = 16;
const [OWN, OTHER] = ['#0b7285', '#868e96'];
/** Of carrel's own cases and the bare ones, those that are no variation of another. */
const CHARTED = ['reference', 'carrel rootfs spawn', 'carrel spawn', 'child_process spawn'];

export function chart({ starts, growth }: Results): string {
  const bars = barsOf(starts);
  const end = TOP + bars.length * LINE;
  const grows = growth !== undefined && growth.starts.length > 0;
  const height = end + 12 + (grows ? GAP + HEIGHT + 70 : 0);
  const frame = `viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${frame}>`,
    '  <title>Time of one container, from the call to the end of true, and how it grows with what runs already</title>',
    `  <rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(LABEL, 24, 'one container, start to end of true: median, logarithmic', 'font-weight="bold"'),
    ...bars,
    ...(grows ? linesOf(growth, end + GAP) : []),
    '</svg>\n',
  ].join('\n');
}

function barsOf(starts: readonly Start[]): readonly string[] {
  const bars = starts
    .filter(({ name, held, pace }) => {
      const isVariation = /^(carrel|child_process) /.test(name) && !CHARTED.includes(name);
      return pace === 'rested' && (held.kind === 'small' || held.kind === 'none') && !isVariation;
    })
    .map(({ name, totalNs }) => ({ name: titleOf(name), ms: totalNs.median / 1e6, own: name.startsWith('carrel') }))
    .sort((one, other) => one.ms - other.ms);
  const most = Math.max(...bars.map(({ ms }) => ms));
  // From a tenth of a millisecond on: the others take from one to several hundred.
  const width = (ms: number): number => Math.max(2, (Math.log10(ms / 0.1) / Math.log10(most / 0.1)) * BAR);
  return bars.map(({ name, ms, own }, index) => {
    const y = TOP + index * LINE;
    return [
      text(LABEL - 8, y + 14, name, 'text-anchor="end"'),
      `  <rect x="${LABEL}" y="${y}" width="${width(ms).toFixed(1)}" height="18" fill="${own ? OWN : OTHER}"/>`,
      text(LABEL + width(ms) + 6, y + 14, `${ms.toFixed(ms < 10 ? 2 : 0)} ms`),
    ].join('\n');
  });
}

/** One line of each that starts; both axes begin at 0, so that what does not grow is level. */
function linesOf({ starts }: Growth, top: number): readonly string[] {
  const bottom = top + 30 + HEIGHT;
  const counts = [...new Set(starts.map(({ idle }) => idle))].sort((one, other) => one - other);
  const most = Math.max(...starts.map(({ totalNs }) => totalNs.median / 1e6));
  const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find((one) => most / one <= 6) ?? most;
  const scale = Math.ceil(most / step) * step;
  const x = (idle: number): number => LEFT + (idle / Math.max(1, counts.at(-1) ?? 1)) * (RIGHT - LEFT);
  const y = (ms: number): number => bottom - (ms / scale) * HEIGHT;
  const names = [...new Set(starts.map(({ name }) => name))];
  const labels = apart(names.map((name) => y(lastOf(starts, name) / 1e6)));
  const marks = Array.from({ length: Math.round(scale / step) + 1 }, (_, index) => index * step);
  return [
    text(LEFT, top + 8, 'the next start, beside so many idle containers: median', 'font-weight="bold"'),
    ...marks.map((ms) =>
      [
        `  <path d="M${LEFT} ${y(ms).toFixed(1)}H${RIGHT}" stroke="#dee2e6"/>`,
        text(LEFT - 8, y(ms) + 4, `${ms} ms`, 'text-anchor="end"'),
      ].join('\n'),
    ),
    ...counts.flatMap((idle, index) => {
      const before = index === 0 ? Number.NEGATIVE_INFINITY : x(counts[index - 1] ?? 0);
      return x(idle) - before < NEAR ? [] : [text(x(idle), bottom + 20, String(idle), 'text-anchor="middle"')];
    }),
    text((LEFT + RIGHT) / 2, bottom + 40, 'idle containers', 'text-anchor="middle"'),
    ...names.map((name) => {
      const points = starts.filter((one) => one.name === name);
      const at = points.map(({ idle, totalNs }) => [x(idle), y(totalNs.median / 1e6)] as const);
      const color = name.startsWith('carrel') ? OWN : OTHER;
      const path = at.map(([left, up]) => `${left.toFixed(1)} ${up.toFixed(1)}`).join('L');
      const label = labels[names.indexOf(name)] ?? 0;
      return [
        `  <path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...at.map(([left, up]) => `  <circle cx="${left.toFixed(1)}" cy="${up.toFixed(1)}" r="3" fill="${color}"/>`),
        text(RIGHT + 10, label + 4, `${titleOf(name)}: ${(lastOf(starts, name) / 1e6).toFixed(2)} ms`),
      ].join('\n');
    }),
  ];
}

function lastOf(starts: Growth['starts'], name: string): number {
  return starts.filter((one) => one.name === name).at(-1)?.totalNs.median ?? 0;
}

/** Pixels below which two numbers at the axis would touch: the second is left out. */
const NEAR = 40;

/** Places for texts beside these heights: none over another. */
function apart(heights: readonly number[]): readonly number[] {
  const order = heights.map((height, index) => ({ height, index })).sort((one, other) => other.height - one.height);
  let last = Number.POSITIVE_INFINITY;
  const places = [...heights];
  for (const { height, index } of order) {
    last = Math.min(height, last - APART);
    places[index] = last;
  }
  return places;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const place = `x="${Number(x.toFixed(1))}" y="${Number(y.toFixed(1))}"`;
  return `  <text ${place}${attributes === '' ? '' : ` ${attributes}`}>${escaped(content)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
