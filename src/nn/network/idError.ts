/** The refusal of an invalid id. */
import { FettleError } from "../../errors.js";

/** A row with an invalid id where a layer reads ids. */
export class IdError extends FettleError {
  /**
   * @param place - where it is, for people
   * @param row - its number
   * @param column - the place of the column among those that the network takes
   * @param reason - why it is refused
   * @param remedy - what to do
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
