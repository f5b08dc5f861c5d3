/**
 * What one part of the sources could leave out in silence: each property of an object, spread into one, or
 * last argument of a call, that may be absent for the compiler.
 *
 * Left alone: objects outside of functions that hold nothing but data, which are tables; texts of help;
 * arguments of functions that are not Fettle's own.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const isText = (node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
const isData = (node) =>
  isText(node) ||
  ts.isNumericLiteral(node) ||
  [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind) ||
  (ts.isArrayLiteralExpression(node) && node.elements.every(isData)) ||
  (ts.isObjectLiteralExpression(node) && node.properties.every(isDatum));
const isDatum = (property) => ts.isPropertyAssignment(property) && isData(property.initializer);
const HELP = /^(help|description|summary|title|label|doc|text|hint|message)$/;
const isHelp = (node) =>
  node.name && HELP.test(node.name.getText()) && node.initializer && isText(node.initializer);

/** A service of the compiler for the sources, in which one file at a time may have another text. */
export function compiler(root) {
  const config = ts.readConfigFile(join(root, "tsconfig.build.json"), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const changed = { file: "", text: "", version: 0 };
  const snapshots = new Map();
  const service = ts.createLanguageService(
    {
      ...ts.sys,
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      getCompilationSettings: () => ({ ...options, noEmit: true }),
      getScriptFileNames: () => fileNames,
      getScriptVersion: (file) => (file === changed.file ? `${changed.version}` : "0"),
      getScriptSnapshot(file) {
        if (file === changed.file) return ts.ScriptSnapshot.fromString(changed.text);
        if (!snapshots.has(file) && ts.sys.fileExists(file))
          snapshots.set(file, ts.ScriptSnapshot.fromString(readFileSync(file, "utf8")));
        return snapshots.get(file);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
    },
    ts.createDocumentRegistry(),
  );
  /** Whether a file without a loss still passes the checks of types. */
  function accepts(loss) {
    Object.assign(changed, { file: join(root, loss.file), text: without(root, loss) });
    changed.version++;
    return (
      service.getSyntacticDiagnostics(changed.file).length === 0 &&
      service.getSemanticDiagnostics(changed.file).length === 0
    );
  }
  return { program: service.getProgram(), accepts };
}

/** The text of a file without what is lost. */
export function without(root, { file, start, end }) {
  const text = readFileSync(join(root, file), "utf8");
  return text.slice(0, start) + text.slice(end);
}

/** All losses of some files that could pass the checks of types; few of them do not. */
export function lossesOf(root, program, isChosen) {
  const checker = program.getTypeChecker();
  return program.getSourceFiles().flatMap((source) => {
    const file = source.fileName.slice(root.length).replace(/^\//, "");
    if (source.isDeclarationFile || !isChosen(file)) return [];
    const found = [];
    const add = (list, node) => {
      const at = list.indexOf(node);
      const isLast = at === list.length - 1;
      const start = isLast && at > 0 ? list[at - 1].getEnd() : node.getStart();
      const end = isLast ? node.getEnd() : list[at + 1].getStart();
      const { line, character } = source.getLineAndCharacterOfPosition(node.getStart());
      const text = node.getText().replace(/\s+/g, " ");
      const name = node.name?.getText().match(/\w+/)?.[0] ?? text.match(/\w+(?=\W*$)/)?.[0] ?? "";
      const place = `${file}:${line + 1}:${character + 1}`;
      const words = [...new Set([name, ...(text.match(/[a-z]\w+/gi) ?? [])])].slice(0, 4).filter(Boolean);
      found.push({ identity: `${place} ${text}`, file, line: line + 1, text, words, start, end });
    };
    const visit = (node, inFunction) => {
      if (ts.isObjectLiteralExpression(node) && (inFunction || !isData(node)))
        for (const property of node.properties)
          if (!isHelp(property) && mayBeAbsent(checker, node, property)) add(node.properties, property);
      const last = (ts.isCallExpression(node) || ts.isNewExpression(node)) && node.arguments?.at(-1);
      if (last && !(isText(last) && /\s/.test(last.getText())) && isOptional(checker, node, last))
        add(node.arguments, last);
      ts.forEachChild(node, (child) => visit(child, inFunction || ts.isFunctionLike(node)));
    };
    visit(source, false);
    return found;
  });
}

/** Whether no type of those expected of an object requires a property of it. */
function mayBeAbsent(checker, object, property) {
  const { parent } = object;
  const isTarget = ts.isBinaryExpression(parent) && parent.left === object;
  if (isTarget) return false;
  if (!property.name || ts.isComputedPropertyName(property.name)) return true;
  const expected = checker.getContextualType(object);
  if (!expected) return true;
  return (expected.isUnion() ? expected.types : [expected]).some((type) => {
    const member = type.getProperty(property.name.text);
    return !member || (member.flags & ts.SymbolFlags.Optional) !== 0;
  });
}

/** Whether a function of the sources may be called without its last argument. */
function isOptional(checker, call, argument) {
  if (ts.isSpreadElement(argument)) return false;
  const at = call.arguments.length - 1;
  const type = checker.getTypeAtLocation(call.expression);
  const signatures = ts.isNewExpression(call) ? type.getConstructSignatures() : type.getCallSignatures();
  return signatures.some(({ parameters, declaration }) => {
    if (!declaration || declaration.getSourceFile().isDeclarationFile) return false;
    const parameter = parameters[at]?.valueDeclaration;
    return (
      parameter && ts.isParameter(parameter) && Boolean(parameter.questionToken || parameter.initializer)
    );
  });
}
