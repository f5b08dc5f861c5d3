/** The route of a page: the part of its address after `#`. Pure. */
export type Route =
  | { readonly page: "studies" }
  | { readonly page: "study"; readonly study: string }
  | { readonly page: "trial"; readonly study: string; readonly trial: number }
  | { readonly page: "compare"; readonly study: string; readonly trials: readonly number[] }
  | {
      readonly page: "studiesCompared";
      readonly studies: readonly [string, string];
      /** The compared trials of each; missing for the best. */
      readonly trials?: readonly [readonly number[], readonly number[]];
    };

/** The route of an address; the list of studies for an unknown one. */
export function routeOf(hash: string): Route {
  let parts: readonly string[] = [];
  try {
    parts = hash
      .replace(/^#?\/?/, "")
      .split("/")
      .map(decodeURIComponent);
  } catch {
    // not UTF-8
  }
  const [first = "", name = "", page = "", what = "", other] = parts;
  const numbers = numbersIn(what);
  if (first === "compare" && name !== "" && page !== "") {
    const trials = [numbers, numbersIn(other ?? "")] as const;
    return { page: "studiesCompared", studies: [name, page], ...(other !== undefined && { trials }) };
  }
  if (first !== "study" || name === "") return { page: "studies" };
  if (page === "trial" && numbers.length === 1) return { page: "trial", study: name, trial: numbers[0] };
  if (page === "compare" && numbers.length > 1) return { page: "compare", study: name, trials: numbers };
  return { page: "study", study: name };
}

const numbersIn = (text: string): readonly number[] =>
  text
    .split(",")
    .filter((number) => /^\d{1,9}$/.test(number))
    .map(Number);

/** The address of a route. */
export function hashOf(route: Route): string {
  const path = (...parts: readonly (string | number)[]): string =>
    `#/${parts.map(encodeURIComponent).join("/")}`;
  if (route.page === "study") return path("study", route.study);
  if (route.page === "trial") return path("study", route.study, "trial", route.trial);
  if (route.page === "compare") return `${path("study", route.study, "compare")}/${route.trials.join(",")}`;
  if (route.page === "studiesCompared") {
    const trials = route.trials?.map((numbers) => `/${numbers.join(",")}`).join("") ?? "";
    return `${path("compare", ...route.studies)}${trials}`;
  }
  return "#/";
}
