/** A storage in memory, for experiments and tests. */
import { noJobs, queueOver } from "../workers/queue/memory.js";
import type { QueueOptions } from "../workers/queue/queue.js";
import { MemoryStudy } from "./memoryStudy.js";
import { checkName, noStudy, type StudyStorage, studyExists } from "./storage.js";

/**
 * A storage in memory. It lasts as long as its process.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * const storage = memoryStorage();
 * const kept = await storage.create("parabola", study.toJSON());
 * const trial = study.ask()!;
 * await kept.add(trial);
 * await kept.tell(study.tell(trial.number, { value: trial.params.x ** 2 })); // true
 * await storage.studies(); // [{ name: "parabola", trials: 1, finished: 1 }]
 * ```
 */
export function memoryStorage(): StudyStorage {
  const kept = new Map<string, QueuedStudy>();
  return {
    async studies() {
      return [...kept.values()].map(({ name, rows }) => ({
        name,
        trials: rows.length,
        finished: rows.filter(({ result }) => result).length,
      }));
    },
    names: async () => [...kept.keys()],
    open: async (name) => kept.get(name),
    async create(name, study, settings = {}) {
      checkName("the name of a study", name);
      if (kept.has(name)) throw studyExists(name);
      const made = new QueuedStudy(name, study, settings);
      kept.set(name, made);
      return made;
    },
    async delete(name) {
      const study = kept.get(name);
      if (!study) throw noStudy(name);
      study.isGone = true;
      kept.delete(name);
    },
    async close() {},
  };
}

class QueuedStudy extends MemoryStudy {
  private readonly jobs = noJobs();

  queue(options: QueueOptions = {}) {
    return queueOver(this.jobs, options);
  }
}
