/** The part of ml-xgboost that the example uses; the package has no types. */
declare module "ml-xgboost" {
  interface Booster {
    train(inputs: readonly (readonly number[])[], targets: readonly number[]): void;
    /** The probability of class 1 of each row, with the objective `binary:logistic`. */
    predict(inputs: readonly (readonly number[])[]): number[];
    /** Releases the WebAssembly memory of the model. */
    free(): void;
  }
  const ready: Promise<new (options: Readonly<Record<string, string | number>>) => Booster>;
  export default ready;
}
