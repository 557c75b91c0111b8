/** A report of the doctor, to be read. */

import type { DoctorReport, Finding } from '../doctor/doctor.js';

/** One line a finding, and below it what would help. */
export function doctorText({ ok, findings }: DoctorReport): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding, index) => {
    const { name, detail, remedy } = finding;
    const line = `${mark(finding)} ${name.padEnd(width)}  ${detail}`;
    // Ten findings with the same cause say the remedy once.
    const said = findings.slice(0, index).some((earlier) => earlier.remedy === remedy);
    return remedy === undefined || said ? [line] : [line, `  ${''.padEnd(width)}  → ${remedy}`];
  });
  const end = ok ? 'Containers can start here.' : 'The default container cannot start here: see the lines with ✗.';
  return `${lines.join('\n')}\n\n${end}\n`;
}

function mark({ ok, needed }: Finding): string {
  if (ok) return '✓';
  return needed ? '✗' : '–';
}
