/** The refusal of what is read as an id and is none. */
import { FettleError } from "../errors.js";

/** A row that has no id where a layer reads one. */
export class IdError extends FettleError {
  /**
   * @param place - for people: where it is
   * @param row - its number
   * @param column - the place of the column among those that the network takes
   * @param reason - why it is refused
   * @param remedy - what helps
   */
  constructor(
    place: string,
    readonly row: number,
    readonly column: number,
    readonly reason: string,
    readonly remedy: string,
  ) {
    super("invalid_data", `${place} ${reason}${remedy}`);
  }
}
