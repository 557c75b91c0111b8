/**
 * The snippets of the documentation: fences of `ts` and of `console` in README.md and docs/.
 *
 * All of them are run.
 *
 * A fence of `text` right behind one of `ts` is what it prints, `…` for whatever stands there, alone on a line for any
 * lines. In `console`, lines that begin with `$ ` are commands, the others what they print. A word behind the language
 * says what it needs: `ts root`, `console strace`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import type { Capability } from './requires.js';
import { checkout } from './sources.js';

export interface Snippet {
  /** `docs/tutorial.md, snippet 3`. */
  readonly place: string;
  readonly language: 'ts' | 'console';
  readonly needs: readonly Capability[];
  readonly code: string;
  /** What it prints; `undefined`: anything. */
  readonly output: string | undefined;
}

/** Every snippet, by file and in order. */
export function readSnippets(): readonly Snippet[] {
  const guides = readdirSync(`${checkout}docs`).filter((name) => name.endsWith('.md'));
  const files = ['README.md', ...guides.map((name) => `docs/${name}`).sort()];
  return files.flatMap((file) => parse(file, readFileSync(`${checkout}${file}`, 'utf8')));
}

interface Fence {
  readonly line: number;
  readonly end: number;
  readonly language: string;
  readonly needs: readonly string[];
  readonly text: string;
}

function parse(file: string, markdown: string): readonly Snippet[] {
  const lines = markdown.split('\n');
  const all = fences(lines);
  let count = 0;
  return all.flatMap((fence, index): Snippet[] => {
    const { language, text } = fence;
    if (language !== 'ts' && language !== 'console') return [];
    const next = all[index + 1];
    const follows =
      next?.language === 'text' &&
      lines
        .slice(fence.end + 1, next.line)
        .join('')
        .trim() === '';
    count += 1;
    const place = `${file}, snippet ${count}`;
    const output = follows && language === 'ts' ? next.text : undefined;
    return [{ place, language, needs: fence.needs as readonly Capability[], code: text, output }];
  });
}

function fences(lines: readonly string[]): readonly Fence[] {
  const found: Fence[] = [];
  for (let line = 0; line < lines.length; line += 1) {
    const [, language = '', ...needs] = /^```(\w+)(.*)$/.exec(lines[line] ?? '') ?? [];
    if (language === '') continue;
    const end = lines.indexOf('```', line + 1);
    const text = lines.slice(line + 1, end).join('\n');
    found.push({ line, end, language, needs: needs.join(' ').split(' ').filter(Boolean), text });
    line = end;
  }
  return found;
}

/** One command of a `console` snippet, and what it prints. */
export interface Command {
  readonly command: string;
  readonly output: string;
}

export function commandsOf({ code }: Snippet): readonly Command[] {
  const commands: { command: string; output: string[] }[] = [];
  for (const line of code.split('\n')) {
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands.map(({ command, output }) => ({ command, output: output.join('\n') }));
}

/** Whether `printed` is what was announced. */
export function isAsAnnounced(announced: string, printed: string): boolean {
  if (announced.trim() === '') return printed.trim() === '';
  const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = announced
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.trimEnd().split('…').map(literally).join('.*')} *\n`));
  return new RegExp(`^${pattern.join('')}$`).test(`${printed.trimEnd()}\n`);
}
