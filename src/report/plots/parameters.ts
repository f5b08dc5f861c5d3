/** Parameters as axes: numbers on their own scale, the values of a choice as words in their order. */
import { must, unknownName } from "../../errors.js";
import type { Parameter } from "../../search/space/parameter.js";
import { toUnit } from "../../search/space/scale.js";
import { type Params, resolveSpace } from "../../search/space/space.js";
import { type ParamValue, sameValue } from "../../search/space/value.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { clip, formatValue } from "../format.js";
import { axisOf, axisOfWords } from "./frame.js";
import type { Axis } from "./plot.js";
import { mustBeStudyData, type StudyData } from "./studyData.js";

/** A parameter of a study as an axis. */
export interface ParameterAxis {
  readonly name: string;
  readonly parameter: Parameter;
  readonly isChoice: boolean;
  readonly axis: Axis;
  /** The place of a trial: a number, or the index of a choice; undefined if the parameter does not apply. */
  readonly placeOf: (trial: Pick<TrialRecord<Params>, "params">) => number | undefined;
  readonly placeOfValue: (value: ParamValue) => number;
  /** From 0 to 1 over its range, as strategies see it. */
  readonly unitOf: (trial: Pick<TrialRecord<Params>, "params">) => number | undefined;
}

/** @throws FettleError `unknown_name` for a parameter that the space does not have */
export function parameterAxis(study: StudyData, name: string): ParameterAxis {
  mustBeStudyData(study);
  const { parameters, names } = resolveSpace(study.space);
  must(typeof name === "string", "parameter", `the name of a parameter (${names.join(", ")})`, name);
  if (!Object.hasOwn(parameters, name)) throw unknownName("parameter", name, names);
  const parameter = parameters[name];
  const placeOfValue = (value: ParamValue): number =>
    parameter.type === "choice"
      ? parameter.values.findIndex((each) => sameValue(each, value))
      : (value as number);
  const valueIn = ({ params }: Pick<TrialRecord<Params>, "params">): ParamValue | undefined =>
    Object.hasOwn(params, name) ? params[name] : undefined;
  const label = clip(name, LONGEST);
  return {
    name,
    parameter,
    isChoice: parameter.type === "choice",
    placeOfValue,
    axis:
      parameter.type === "choice"
        ? axisOfWords(
            parameter.values.map((value) => clip(formatValue(value), 16)),
            label,
          )
        : axisOf([parameter.low, parameter.high], label, {
            log: parameter.log ?? false,
            whole: parameter.type === "int",
          }),
    placeOf: (trial) => {
      const value = valueIn(trial);
      return value === undefined ? undefined : placeOfValue(value);
    },
    unitOf: (trial) => {
      const value = valueIn(trial);
      return value === undefined ? undefined : toUnit(parameter, value);
    },
  };
}

/** Characters of a name on an axis. */
const LONGEST = 32;

export function parameterNames(study: StudyData): readonly string[] {
  mustBeStudyData(study);
  return resolveSpace(study.space).names;
}
