/** What the studies of one process share. */
import { Room } from "./limits.js";

/** What a study shares with the others of its process. */
export interface Neighbours {
  readonly room: Room;
  /** Refuses another study if there are too many. */
  admit(): Promise<void>;
  /** Called when the last reader of the events of a study has left. */
  unheard(id: string): void;
}

/** For a study that is alone in its process. */
export const alone = (): Neighbours => ({
  room: new Room(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  admit: async () => {},
  unheard: () => {},
});
