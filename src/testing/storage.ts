/**
 * The laws that every storage of studies keeps, built-in or custom, as property tests over random studies,
 * names and orders of writes. The behaviour at a crash, or on a full disk, depends on its database and is not
 * tested here.
 */

import fc from "fast-check";
import { crc32 } from "../crc32.js";
import { readOptions } from "../rules.js";
import { random } from "../search/strategies/random/random.js";
import { createStudy, restoreStudy } from "../search/study/create.js";
import { Curves } from "../search/trial/curves.js";
import { recordStudy } from "../store/recorder.js";
import type { Note, StoredStudy, StoredTrial, StudyStorage } from "../store/storage.js";
import { anyStudy } from "./arbitraries/history.js";
import { anySpace } from "./arbitraries/space.js";
import { CHECK_RULES, type CheckOptions, checkSame, fail, holdLater, lawOf } from "./laws.js";
import {
  closing,
  jsonOf,
  marked,
  opened,
  refused,
  shuffled,
  studyOf,
  told,
  using,
} from "./storageStudies.js";

/** Opens a new, empty storage twice, as two processes would. */
export type StorageFactory = () => Promise<readonly [StudyStorage, StudyStorage]>;

/** Which cases, and how many. */
export type StorageCheckOptions = Omit<CheckOptions, "onShare">;

const { onShare: _, ...RULES } = CHECK_RULES;

/** A law of storages, as a property of fast-check. */
export type StorageLaw = (open: StorageFactory) => fc.IRawProperty<unknown>;

/** Names that a database, a file system or a page might misinterpret. */
const NAMES = [
  "a",
  "A",
  "a ",
  "'",
  '"; DROP TABLE fettle_studies; --',
  "<script>alert(1)</script>",
  "%",
  "_",
];
const anyName = fc.oneof(
  fc.constantFrom(...NAMES, "é", "e\u0301", "名前", "🦊", "x".repeat(500)),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((name) => !/[\p{Cc}\p{Cs}]/u.test(name)),
);
const notNames = ["", "a\nb", "\u0000", "\ud800", "x".repeat(501), 3];

const anyNote = fc.record({
  number: fc.nat({ max: 5 }),
  text: fc.oneof(fc.constantFrom("", "<script>alert(1)</script>", "né\n🦊"), fc.string({ maxLength: 40 })),
  tags: fc.array(fc.constantFrom("keep", "a'b", "<b>", "名", "%"), { maxLength: 4 }),
});

const bytesOf = async (study: StoredStudy, name: string): Promise<number[]> => [
  ...((await study.artifact(name))?.bytes ?? []),
];

const runningOf = ({ number, params, parent, given }: StoredTrial): StoredTrial => ({
  number,
  params,
  status: "running",
  ...(parent !== undefined && { parent }),
  ...(given && { given }),
});

const anyValue = fc.oneof(fc.double(), fc.constant(null));
const anyReport = fc.record({
  step: fc.nat({ max: 1000 }),
  value: fc.oneof(anyValue, fc.array(anyValue, { minLength: 2, maxLength: 3 })),
});

/** Asks, tells and reports of a study, in a possible order. */
const anyOrder = fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 40 });

/** The laws of storages by name: each gives a property for fast-check's `assert`. */
export const storageLaws: Readonly<Record<string, StorageLaw>> = {
  "holds a study as it was created, trials included": (open) =>
    fc.asyncProperty(anyStudy(), anyName, fc.string(), async (study, name, value) => {
      const [storage, other] = await open();
      const settings = { value: [value, { deep: null }] };
      const json = marked(study);
      await closing([storage, other], async () => {
        const given = structuredClone(settings);
        await storage.create(name, json, given);
        given.value[0] = "changed by who gave it";
        const kept = await opened(other, name);
        checkSame(await jsonOf(kept), json, "another study");
        checkSame([kept.name, kept.settings], [name, settings], "another name or other settings");
      });
    }),

  "holds added and told trials, in any order, for both readers": (open) =>
    fc.asyncProperty(anyStudy(), anyOrder, async (study, order) => {
      const json = marked(study);
      await using(open, { ...json, trials: [] }, async ([one, two], storages) => {
        for (const trial of json.trials) if (!(await one.add(trial))) fail(`trial ${trial.number} was there`);
        checkSame(await two.trials(), json.trials.map(runningOf), "other running trials");
        const records = shuffled(study.trials, order);
        for (const [i, record] of records.entries())
          if (!(await [one, two][i % 2].tell(record))) fail(`the result of ${record.number} was there`);
        checkSame(await jsonOf(two), json, "another study");
        const from = order[0] % (json.trials.length + 2);
        checkSame(await two.trials(true, from), (await two.trials()).slice(from), `not those from ${from}`);
        checkSame(
          await storages[0].studies(),
          [{ name: "study", trials: json.trials.length, finished: records.length }],
          "another list",
        );
      });
    }),

  "accepts the result of a trial once, and adds a trial once": (open) =>
    fc.asyncProperty(anyStudy(), async (study) => {
      const json = study.toJSON();
      await using(open, json, async ([one, two]) => {
        for (const record of study.trials) {
          if (await two.add(record)) fail(`trial ${record.number} was added again`);
          if (await two.tell({ ...record, value: 7, status: "complete" })) fail("another result was taken");
        }
        checkSame(await jsonOf(one), json, "another study");
      });
    }),

  "refuses another trial with a number, a gap, and data without a trial": (open) =>
    fc.asyncProperty(anyStudy(), async (study) => {
      const json = study.toJSON();
      await using(open, json, async ([one, two]) => {
        const [first] = json.trials;
        const next = json.trials.length;
        const record = { ...study.trials[0], number: next };
        for (const other of first ? [{ params: { other: 1 } }, { parent: (first.parent ?? -1) + 1 }] : [])
          await refused("conflict", () => two.add({ ...first, ...other }));
        await refused("invalid_state", () => two.add({ number: next + 1, params: {} }));
        await refused("invalid_state", () => two.tell(record));
        await refused("invalid_state", () => two.report(next, { step: 1, value: 1 }));
        checkSame(await jsonOf(one), json, "another study");
      });
    }),

  "holds reports by step, the first of each": (open) =>
    fc.asyncProperty(fc.uniqueArray(anyReport, { selector: ({ step }) => step }), async (reports) => {
      await using(open, studyOf(2), async ([one, two]) => {
        for (const report of reports) {
          await one.report(1, report);
          await two.report(1, { step: report.step, value: -1 });
        }
        // as JSON has it: null for what is not finite
        const expected = JSON.parse(JSON.stringify([...reports].sort((a, b) => a.step - b.step)));
        checkSame(await two.reports(1), expected, "other reports");
        checkSame(await two.reports(0), [], "reports of another trial");
      });
    }),

  "holds the note of a trial that was written last, and the curves of each trial": (open) =>
    fc.asyncProperty(fc.array(anyNote, { maxLength: 8 }), async (given) => {
      const json = studyOf(4);
      await using(open, json, async ([one, two]) => {
        const model = new Map<number, Note>();
        for (const { number, text, tags } of given) {
          const note = { number, text, tags };
          if (number >= json.trials.length) await refused("invalid_state", () => one.note(note));
          else {
            await one.note(note);
            if (text === "" && tags.length === 0) model.delete(number);
            else model.set(number, { ...note, tags: [...new Set(tags)] });
          }
        }
        const expected = [...model.values()].sort((a, b) => a.number - b.number);
        checkSame(await two.notes(), expected, "other notes");
        const long = { number: 0, text: "x".repeat(10_001), tags: [] };
        await refused("invalid_argument", () => one.note(long));
        for (const text of ["a\0b", "\ud83d"])
          await refused("invalid_argument", () => one.note({ number: 0, text, tags: [] }));
        await refused("invalid_argument", () => one.note({ number: 0, text: "", tags: [""] }));
        checkSame(await jsonOf(one), json, "another study");
        const curves = new Curves({ loss: [[0.5, 0.25], [given.length]] });
        await one.tell({ ...told, number: 1, curves });
        checkSame([await two.curves(1), await two.curves(2)], [curves, undefined], "other curves");
      });
    }),

  "holds artifacts by name, as its own copies of the bytes": (open) =>
    fc.asyncProperty(
      fc.array(fc.tuple(anyName, fc.uint8Array({ maxLength: 300 })), { maxLength: 6 }),
      async (given) => {
        await using(open, studyOf(0), async ([one, two]) => {
          const model = new Map<string, number[]>();
          for (const [name, bytes] of given) {
            model.set(name, [...bytes]);
            // like a Buffer of Node, whose `slice` does not copy
            const kept = one.keep(name, Object.assign(bytes, { slice: bytes.subarray }));
            bytes.fill(9);
            await kept;
          }
          const listed = [...model].map(([name, { length }]) => ({ name, size: length }));
          checkSame(
            await two.artifacts(),
            listed.sort((a, b) => (a.name < b.name ? -1 : 1)),
            "other artifacts",
          );
          for (const [name, bytes] of model) {
            const found = await two.artifact(name);
            checkSame([...(found?.bytes ?? [])], bytes, `other bytes of ${JSON.stringify(name)}`);
            found?.bytes.fill(8);
            checkSame(await bytesOf(two, name), bytes, "bytes that its reader changed");
          }
          if ((await two.artifact("none")) !== undefined && !model.has("none"))
            fail("an artifact of no name");
        });
      },
    ),

  "holds large artifacts completely, and replaces them": (open) =>
    fc.asyncProperty(fc.constantFrom(2 ** 20 - 1, 2 ** 20, 2 ** 21 + 1), async (size) => {
      await using(open, studyOf(0), async ([one, two]) => {
        const bytes = new Uint8Array(size);
        for (let i = 0; i < size; i += 1021) bytes[i] = i;
        await one.keep("large", bytes);
        const found = await two.artifact("large");
        if (found?.bytes.length !== size || crc32(found.bytes) !== crc32(bytes)) fail("other bytes");
        await one.keep("large", Uint8Array.of(1));
        checkSame(await bytesOf(two, "large"), [1], "what was replaced");
      });
    }),

  "replaces an artifact only in the version that its writer has read": (open) =>
    fc.asyncProperty(anyName, fc.array(fc.boolean(), { maxLength: 8 }), async (name, writers) => {
      await using(open, studyOf(0), async ([one, two]) => {
        const versions = [await one.keep(name, Uint8Array.of(0), null)];
        for (const [i, isFirst] of writers.entries()) {
          const [writer, other] = isFirst ? [one, two] : [two, one];
          const found = await writer.artifact(name);
          checkSame([found && [...found.bytes], found?.version], [[i], versions[i]], "other contents");
          versions.push(await writer.keep(name, Uint8Array.of(i + 1), found?.version));
          for (const stale of [...versions.slice(0, -1), null, "", "x"])
            await refused("conflict", () => other.keep(name, Uint8Array.of(99), stale));
          checkSame(await bytesOf(other, name), [i + 1], "other bytes after a refusal");
        }
        checkSame(new Set(versions).size, versions.length, "another number of versions");
        await refused("conflict", () => one.keep("none", Uint8Array.of(1), versions[0]));
        checkSame(await two.artifact("none"), undefined, "an artifact of a refused write");
        const tried = [one, two, one].map((study, i) => study.keep("new", Uint8Array.of(i), null));
        const ended = await Promise.allSettled(tried);
        const through = ended.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
        checkSame([through.length, await bytesOf(two, "new")], [1, through], "not one of three writers");
      });
    }),

  "appends trials as adding and telling them one by one does": (open) =>
    fc.asyncProperty(anyStudy(), fc.nat(), fc.nat(), async (study, cut, again) => {
      const json = marked(study);
      await using(open, { ...json, trials: [] }, async ([one, two]) => {
        const { trials } = json;
        const some = cut % (trials.length + 1);
        // some of them were only asked for when they were appended first
        await one.append(trials.slice(0, some).map((each, i) => (i % 3 === 2 ? runningOf(each) : each)));
        await two.append(trials.slice(again % (some + 1)));
        await one.append(trials);
        checkSame(await jsonOf(one), json, "another study");
        const [first] = trials;
        if (!first) return;
        await refused("conflict", () => two.append([{ ...first, params: { other: 1 } }]));
        await refused("invalid_state", () => two.append([{ ...first, number: trials.length + 1 }]));
        checkSame(await jsonOf(two), json, "another study after refusals");
      });
    }),

  "distinguishes names, and lists studies in the order of their creation": (open) =>
    fc.asyncProperty(fc.uniqueArray(anyName, { maxLength: 8 }), async (names) => {
      const [storage, other] = await open();
      await closing([storage, other], async () => {
        for (const [i, name] of names.entries()) await [storage, other][i % 2].create(name, studyOf(i));
        const listed = names.map((name, i) => ({ name, trials: i, finished: 0 }));
        checkSame(await other.studies(), listed, "other studies");
        checkSame([...(await storage.names())].sort(), [...names].sort(), "other names");
        for (const [i, name] of names.entries()) {
          checkSame(await jsonOf(await opened(storage, name)), studyOf(i), `another study ${name}`);
          await refused("conflict", () => other.create(name, studyOf(3)));
        }
        for (const name of notNames)
          await refused("invalid_argument", () => storage.create(name as string, studyOf(0)));
        checkSame(await storage.studies(), listed, "other studies after refusals");
      });
    }),

  "forgets a deleted study, frees its name, and refuses writes to it": (open) =>
    fc.asyncProperty(anyStudy(), async (study) => {
      await using(open, study.toJSON(), async ([one, two], [storage, other]) => {
        await one.keep("model", Uint8Array.of(1));
        await storage.delete("study");
        await refused("not_found", () => other.delete("study"));
        if ((await other.open("study")) !== undefined) fail("the study is still there");
        const again = await other.create("study", studyOf(1));
        for (const gone of [one, two]) {
          await refused("not_found", () => gone.add({ number: 1, params: {} }));
          await refused("not_found", () => gone.tell({ ...told, number: 0 }));
          await refused("not_found", () => gone.report(0, { step: 1, value: 1 }));
          await refused("not_found", () => gone.append([{ number: 1, params: {}, status: "running" }]));
          await refused("not_found", () => gone.keep("model", Uint8Array.of(2)));
          await refused("not_found", () => gone.keep("model", Uint8Array.of(2), null));
          await refused("not_found", () => gone.note({ number: 0, text: "a", tags: [] }));
          const reads = [
            ...[() => gone.trials(), () => gone.curves(0), () => gone.notes()],
            ...[() => gone.artifacts(), () => gone.artifact("model")],
          ];
          for (const read of reads) await refused("not_found", read);
        }
        checkSame(await jsonOf(again), studyOf(1), "another study");
        checkSame(await again.artifacts(), [], "artifacts of the deleted study");
      });
    }),

  "creates a study with a name once if several try at the same time": (open) =>
    fc.asyncProperty(fc.integer({ min: 2, max: 6 }), async (count) => {
      const storages = await open();
      await closing(storages, async () => {
        const tried = Array.from({ length: count }, (_, i) => storages[i % 2].create("study", studyOf(i)));
        const ended = await Promise.allSettled(tried);
        const made = ended.filter(({ status }) => status === "fulfilled");
        checkSame(made.length, 1, "another number of studies");
        checkSame((await storages[0].studies()).length, 1, "another number of studies");
      });
    }),

  "resumes a search that was killed at any trial, with the same result": (open) =>
    fc.asyncProperty(
      anySpace(),
      fc.nat({ max: 1000 }),
      fc.nat({ max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (space, seed, killed, concurrency) => {
        const begin = () => createStudy({ space, strategy: random(), seed, direction: "minimize" });
        const whole = begin();
        const lossOf = (_: unknown, { number, seed }: { number: number; seed: number }) =>
          number % 5 === 4 ? Number.NaN : (seed % 1000) / 7;
        await whole.optimize(lossOf, { trials: 12 });
        const storages = await open();
        await closing(storages, async () => {
          for (const [i, storage] of storages.entries()) {
            const recorder = await recordStudy(storage, "study");
            const study = recorder.study ? restoreStudy(recorder.study, { strategy: random() }) : begin();
            const objective = (params: unknown, trial: Parameters<typeof lossOf>[1]) => {
              // the work of a killed process never ends
              if (i === 0 && trial.number >= killed) study.stop();
              return lossOf(params, trial);
            };
            await study.optimize(objective, { trials: 12, concurrency, onEvent: recorder.onEvent });
            await recorder.saved();
          }
          checkSame(await jsonOf(await opened(storages[0], "study")), whole.toJSON(), "another end");
        });
      },
    ),
};

/**
 * Checks that a storage keeps all {@link storageLaws}.
 *
 * @throws BrokenLaw at the first law that it breaks
 * @example
 * ```ts
 * await checkStorage(
 *   async () => {
 *     const storage = memoryStorage();
 *     return [storage, storage];
 *   },
 *   { numRuns: 5 },
 * );
 * ```
 */
export async function checkStorage(open: StorageFactory, options: StorageCheckOptions = {}): Promise<void> {
  for (const law of Object.keys(storageLaws)) await checkStorageLaw(open, law, options);
}

/**
 * Checks that a storage keeps one of the {@link storageLaws}.
 *
 * @throws BrokenLaw if it does not; FettleError `unknown_name` for a law that does not exist
 * @example
 * ```ts
 * const [law] = Object.keys(storageLaws);
 * await checkStorageLaw(
 *   async () => {
 *     const storage = memoryStorage();
 *     return [storage, storage];
 *   },
 *   law,
 *   { numRuns: 5 },
 * );
 * ```
 */
export async function checkStorageLaw(
  open: StorageFactory,
  law: string,
  options: StorageCheckOptions = {},
): Promise<void> {
  readOptions(options, "checkStorage", RULES);
  await holdLater("the storage", law, lawOf(storageLaws, law)(open), options);
}
