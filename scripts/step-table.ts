/** Reads the step table as text: its groups, and the comment above each row. What is data there is imported instead. */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type Op, STEPS } from '#lib/plan/steps.js';

/** What the table says of a step in words. */
export interface StepText {
  readonly op: Op;
  /** What it does, and what follows. */
  readonly text: string;
  /** What must be there, and what rights: after "Needs". */
  readonly needs?: string;
  /** What is refused, with its error. */
  readonly errors?: string;
  /** The man page, and the kernel release where that matters. */
  readonly source?: string;
  /** The default of each field that has one, as it is written. */
  readonly defaults: ReadonlyMap<string, string>;
}

export interface GroupText {
  readonly heading: string;
  /** What holds for all steps of the group. */
  readonly text: string;
  readonly steps: readonly StepText[];
}

const TABLE = fileURLToPath(new URL('../../lib/plan/steps.ts', import.meta.url));
const TAGS = ['needs', 'errors', 'source'] as const;

/** The groups in the order of the table. */
export function readTable(): readonly GroupText[] {
  const source = parsed(TABLE);
  const { initializer } = variable(source, 'STEPS');
  const groups = rows(initializer).map((row) => {
    if (!ts.isSpreadAssignment(row)) throw new Error(`STEPS holds more than groups: ${row.getText()}`);
    const name = row.expression.getText();
    return readGroup(name, resolve(dirname(TABLE), importOf(source, name).replace(/js$/, 'ts')));
  });
  const read = groups.flatMap(({ steps }) => steps.map(({ op }) => op));
  if (read.join() !== Object.keys(STEPS).join()) throw new Error('the table was read otherwise than it is');
  return groups;
}

function readGroup(name: string, path: string): GroupText {
  const { initializer, parent } = variable(parsed(path), name);
  const [heading = '', text = ''] = split(commentOf(parent.parent).text, /\n\s*\n/);
  return { heading, text: joined(text), steps: rows(initializer).map(readStep) };
}

function readStep(row: ts.Node): StepText {
  if (!ts.isPropertyAssignment(row)) throw new Error(`a group holds more than steps: ${row.getText()}`);
  const op = row.name.getText() as Op;
  const { text, tags } = commentOf(row);
  const unknown = [...tags.keys()].find((tag) => !TAGS.some((known) => known === tag));
  if (unknown !== undefined) throw new Error(`${op}: nothing is made of @${unknown}`);
  if (text === '') throw new Error(`${op} has no text`);
  const given = TAGS.flatMap((tag) => (tags.has(tag) ? [[tag, tags.get(tag)]] : []));
  return { op, text: joined(text), ...Object.fromEntries(given), defaults: defaultsIn(row) };
}

/** The text of a comment, and its tags. */
function commentOf(node: ts.Node): { readonly text: string; readonly tags: ReadonlyMap<string, string> } {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const tags = ts.getJSDocTags(node).map((tag) => [tag.tagName.text, joined(textOf(tag.comment))] as const);
  return { text: comments.map(({ comment }) => textOf(comment)).join('\n\n'), tags: new Map(tags) };
}

const textOf = (comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string =>
  ts.getTextOfJSDocComment(comment) ?? '';
const joined = (text: string): string => text.replace(/\s+/g, ' ').trim();
const split = (text: string, at: RegExp): readonly string[] => text.split(at).map(joined);

/** What stands in `defaulted(field, HERE)`, and in words what `firstOf('other')` is. */
function defaultsIn(row: ts.Node): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const look = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isCallExpression(node.initializer)) {
      const { expression, arguments: given } = node.initializer;
      const [first, second] = given.map((argument) => argument.getText());
      if (expression.getText() === 'defaulted') found.set(node.name.getText(), `\`${second}\``);
      if (expression.getText() === 'firstOf')
        found.set(node.name.getText(), `the first of \`${first?.replaceAll("'", '')}\``);
    }
    ts.forEachChild(node, look);
  };
  look(row);
  return found;
}

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function variable(source: ts.SourceFile, name: string): ts.VariableDeclaration & { readonly initializer: ts.Node } {
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .find((declaration) => declaration.name.getText() === name);
  if (declared?.initializer === undefined) throw new Error(`${source.fileName} declares no ${name}`);
  return declared as ts.VariableDeclaration & { readonly initializer: ts.Node };
}

/** The rows of an object, behind `as const satisfies …`. */
function rows(node: ts.Node): readonly ts.ObjectLiteralElementLike[] {
  if (ts.isSatisfiesExpression(node) || ts.isAsExpression(node)) return rows(node.expression);
  if (!ts.isObjectLiteralExpression(node)) throw new Error(`no table: ${node.getText()}`);
  return node.properties;
}

function importOf(source: ts.SourceFile, name: string): string {
  const found = source.statements
    .filter(ts.isImportDeclaration)
    .find(({ importClause }) => importClause?.namedBindings?.getText().includes(name));
  if (found === undefined) throw new Error(`${source.fileName} does not import ${name}`);
  return (found.moduleSpecifier as ts.StringLiteral).text;
}
