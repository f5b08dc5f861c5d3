/** The order in which tests are held to a change: those that are nearest to the changed file first. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

const filesBelow = (root, folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);

/**
 * All tests with the files that they import, directly or through others. A test of the bundles counts as one
 * that imports the command line. Threads run a bundle in any test.
 */
export function testsOf(root) {
  const { paths } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")).compilerOptions;
  const files = [...filesBelow(root, "src"), ...filesBelow(root, "test")];
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const importsOf = (file) =>
    [...texts.get(file).matchAll(/(import type[^;]*?)?(?:from |import\()"([^"]+)"/g)].flatMap(
      ([, isType, name]) => {
        const path = paths[name]?.[0].slice(2) ?? posix.join(dirname(file), name).replace(/\.js$/, ".ts");
        return !isType && texts.has(path) ? [path] : [];
      },
    );
  const usesBundle = (file) => file.startsWith("test/") && /dist\/|bin\/fettle/.test(texts.get(file));
  const edges = new Map(
    files.map((file) => [file, [...importsOf(file), ...(usesBundle(file) ? ["src/cli/main.ts"] : [])]]),
  );
  const distancesFrom = (...from) => {
    const distances = new Map(from.map((file) => [file, 0]));
    for (const [each, distance] of distances)
      for (const next of edges.get(each)) if (!distances.has(next)) distances.set(next, distance + 1);
    return distances;
  };
  const inThreads = distancesFrom("src/tune/jobs/worker.ts", "src/benchmark/worker.ts");
  return files
    .filter((file) => file.endsWith(".test.ts") && existsSync(join(root, file)))
    .map((file) => {
      const distances = distancesFrom(file);
      const isBuilt = [...distances.keys()].some(usesBundle);
      return { file, distances, isBuilt, inThreads, text: texts.get(file) };
    });
}

/** The tests that reach a file, the nearest first; a test that has the words of the change is nearer. */
export function nearest(tests, { file, words }) {
  const folder = dirname(file).replace("src", "test");
  const own = file.replace("src", "test").replace(/\.ts$/, "");
  const distance = (test) => {
    const known =
      words.filter((word) => new RegExp(`\\b${word}\\b`).test(test.text)).length / (words.length || 1);
    const isOwn = test.file.startsWith(own);
    const isNear = isOwn || `${folder}/`.startsWith(`${dirname(test.file)}/`);
    return test.distances.get(file) - 3 * known - 2 * isNear - 3 * isOwn + test.isBuilt;
  };
  return tests
    .filter(({ distances }) => distances.has(file))
    .map((test) => [distance(test), test])
    .sort(([a], [b]) => a - b)
    .map(([, test]) => ({ ...test, isBuilt: test.isBuilt || test.inThreads.has(file) }));
}
