/** Rows of tables of options, which no page that trains a dense network needs. */

/** The rows of a layer's options for the array that they call `name`; `arraysOf` checks their values. */
export const arrayRules = <Name extends string>(name: Name) =>
  ({
    [`${name}Initializer`]: true,
    [`${name}Regularizer`]: true,
    [`${name}Constraint`]: true,
  }) as { readonly [K in `${Name}${"Initializer" | "Regularizer" | "Constraint"}`]: true };
